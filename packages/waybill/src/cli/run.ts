import { parseArgs } from 'node:util'
import { WaybillError } from '../model/errors.js'
import { waybillVersion } from '../system/version.js'
import type { Call, Command, Values } from './command.js'
import { exitCodeOf, textOf, UsageError } from './command.js'
import { commands } from './commands.js'
import { helpFor, overview } from './help.js'
import { json, safe } from './output.js'

/** Where a run of the command line reads and writes. */
export interface Surface {
  readonly env: Call['env']
  out(text: string): void
  err(text: string): void
}

const hint = 'waybill help tells what there is'

/** Runs one command line; resolves with the exit code and never rejects. */
export async function run(args: readonly string[], surface: Surface): Promise<number> {
  let isJson = false
  try {
    const [name = 'help', ...rest] = args
    const early = answerOf(name, rest)
    if (early !== undefined) {
      surface.out(early)
      return args.length === 0 ? 2 : 0
    }
    const command = commandOf(name)
    const { values, words } = parsed(command, rest)
    if (values.help === true) {
      surface.out(helpFor(name, command))
      return 0
    }
    isJson = isJsonWanted(command, values)
    const out = { json: isJson, write: (text: string) => surface.out(text) }
    return await command.run({ values, words, env: surface.env, out })
  } catch (error) {
    surface.err(failureText(error, isJson))
    return exitCodeOf(error)
  }
}

function answerOf(name: string, rest: readonly string[]): string | undefined {
  if (name === '--version' || name === '-v' || name === 'version') return `${waybillVersion()}\n`
  if (name !== 'help' && name !== '--help' && name !== '-h') return undefined
  const [of] = rest
  return of === undefined ? overview() : helpFor(of, commandOf(of))
}

function commandOf(name: string): Command {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command) return command
  throw new UsageError(`there is no command ${JSON.stringify(name)}; ${hint}`)
}

function parsed({ options }: Command, args: readonly string[]): { values: Values; words: readonly string[] } {
  const specs = Object.entries(options).map(([name, { type, short, multiple = false }]) => {
    return [name, { type, multiple, ...(short !== undefined && { short }) }] as const
  })
  const help = { type: 'boolean', short: 'h' } as const
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...Object.fromEntries(specs), help },
      allowPositionals: true,
    })
    return { values, words: positionals }
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function isJsonWanted({ options }: Command, values: Values): boolean {
  const format = textOf(values, 'output') ?? 'table'
  if (!('output' in options) || format === 'table') return false
  if (format === 'json') return true
  throw new UsageError(`-o is ${JSON.stringify(format)}; it must be table or json`)
}

/** The error in one line, code and fix first; a fault of ours (no code) with its stack. */
function failureText(error: unknown, isJson: boolean): string {
  if (isJson && error instanceof WaybillError)
    return json({ error: { code: error.code, retryable: error.retryable, message: error.message } })
  if (error instanceof WaybillError) return `waybill: ${safe(error.message)}\n`
  if (error instanceof UsageError) return `waybill: ${safe(error.message)}\n`
  return `waybill: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`
}
