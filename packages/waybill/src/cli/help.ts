import { commands } from './commands.js'
import type { Command } from './command.js'

/** All commands, one line each. */
export function overview(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length))
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}\n`)
  return (
    `waybill: the outbox of a database, relayed to Kafka, and its consumer groups\n\nUsage: waybill COMMAND [options]\n\n${lines.join('')}` +
    `  ${'help'.padEnd(width)}  this text, or: waybill help COMMAND\n\n` +
    'Commands that change state show what they would do; --execute does it.\n' +
    'Exit codes: 0 done, 1 failed, 2 not understood, 3 answered in part. Errors: docs/errors.md; operations: docs/operations.md\n'
  )
}

/** One command with its options. */
export function helpFor(name: string, { summary, usage, options }: Command): string {
  const rows = Object.entries(options).map(([option, { short, value, help }]) => {
    const left = `${short === undefined ? '    ' : `-${short}, `}--${option}${value === undefined ? '' : ` ${value}`}`
    return [left, help] as const
  })
  const width = Math.max(...rows.map(([left]) => left.length))
  return (
    `waybill ${name}: ${summary}\n\n${usage.map((line) => `  waybill ${line}\n`).join('')}\n` +
    rows.map(([left, help]) => `  ${left.padEnd(width)}  ${help}\n`).join('')
  )
}
