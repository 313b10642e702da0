import type { Clock } from '../ports/clock.js'
import type { Log, LogFacts } from '../ports/log.js'

const quietMs = 10_000
const rememberedMax = 200

/**
 * A log that writes the same line (message and cause) at most every 10 s and tells how often it was left out. A database that
 * is gone is met by every loop of the relay many times a second, with the same words.
 */
export function calmLog(log: Log, clock: Clock): Log {
  const seen = new Map<string, { fromMs: number; left: number }>()
  const calm =
    (write: Log['warn']): Log['warn'] =>
    (message, facts) => {
      const key = `${message} ${String(facts?.cause)} ${String(facts?.messageId)}`
      const nowMs = clock.monotonicMs()
      const before = seen.get(key)
      if (before && nowMs - before.fromMs < quietMs) {
        before.left++
        return
      }
      seen.delete(key)
      const [oldest] = seen.keys()
      if (seen.size >= rememberedMax && oldest !== undefined) seen.delete(oldest)
      seen.set(key, { fromMs: nowMs, left: 0 })
      const more: LogFacts = before && before.left > 0 ? { ...facts, leftOut: before.left } : (facts ?? {})
      write(message, more)
    }
  return { debug: log.debug, info: log.info, warn: calm(log.warn), error: calm(log.error) }
}
