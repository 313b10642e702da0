import type { Log, LogFacts } from '../ports/log.js'

type Level = 'debug' | 'info' | 'warn' | 'error'
const levels: readonly Level[] = ['debug', 'info', 'warn', 'error']

/**
 * One JSON object a line on standard error, from `level` upwards (default `info`). Applications give their own log
 * through the option `log` (pino and console fit with a four-line adapter).
 */
export function jsonLog(level: Level = 'info', write: (line: string) => void = defaultWrite): Log {
  const from = levels.indexOf(level)
  const line = (at: Level, message: string, facts?: LogFacts): void => {
    if (levels.indexOf(at) >= from)
      write(`${JSON.stringify({ time: new Date().toISOString(), level: at, message, ...facts }, plain)}\n`)
  }
  return {
    debug: (message, facts) => line('debug', message, facts),
    info: (message, facts) => line('info', message, facts),
    warn: (message, facts) => line('warn', message, facts),
    error: (message, facts) => line('error', message, facts),
  }
}

/** A log that drops everything. */
export const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore }

function ignore(): void {}

function defaultWrite(line: string): void {
  process.stderr.write(line)
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Error) return { name: value.name, message: value.message, cause: value.cause }
  return value
}
