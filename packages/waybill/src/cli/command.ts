import { WaybillError } from '../model/errors.js'
import type { Output } from './output.js'

/** A command line that cannot be understood: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** One option of a command, as `node:util` parseArgs takes it, with its text for `help`. */
export interface OptionSpec {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly multiple?: boolean
  /** Name of the value in `help`. */
  readonly value?: string
  readonly help: string
}

/** Parsed options. */
export type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>

/** What a command is called with. */
export interface Call {
  readonly values: Values
  /** Words after the command's name. */
  readonly words: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly out: Output
}

/** One command: a row of the table in commands.ts. */
export interface Command {
  readonly summary: string
  /** Lines for `help`, without `waybill`. */
  readonly usage: readonly string[]
  readonly options: Readonly<Record<string, OptionSpec>>
  /** Resolves with the exit code. */
  run(call: Call): Promise<number>
}

/** Options of every command that opens the store. */
export const databaseOptions = {
  database: { type: 'string', short: 'd', value: 'URL', help: 'postgres://… or sqlite:path; or WAYBILL_DATABASE' },
  prefix: { type: 'string', value: 'NAME', help: 'prefix of the tables (default outbox)' },
  schema: { type: 'string', value: 'NAME', help: 'PostgreSQL: schema of the tables (default waybill)' },
} as const

/** Option of every command that prints. */
export const outputOption = {
  output: { type: 'string', short: 'o', value: 'table|json', help: 'format of the output (default table)' },
} as const

/** Option of every command that changes state. */
export const executeOption = {
  execute: { type: 'boolean', help: 'act; without it only what would be done is shown' },
} as const

/** A text option. */
export function textOf(values: Values, name: string): string | undefined {
  const value = values[name]
  return typeof value === 'string' ? value : undefined
}

/** A repeated text option, split at commas too where `commas`. */
export function listOf(values: Values, name: string, commas = false): readonly string[] {
  const value = values[name]
  const all = (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string')
  return commas ? all.flatMap((one) => one.split(',')).map((one) => one.trim()) : all
}

/** A switch. */
export function isSet(values: Values, name: string): boolean {
  return values[name] === true
}

/** A whole number within limits; UsageError otherwise. */
export function wholeOf(text: string, name: string, min: number, max: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new UsageError(`--${name} is ${JSON.stringify(text)}; it must be a whole number from ${min} to ${max}`)
}

/** An option that must be given. */
export function needed(value: string | undefined, what: string): string {
  if (value !== undefined && value !== '') return value
  throw new UsageError(`${what} is missing`)
}

/** Ids of a repeated `--id`, as row ids are. */
export function idsOf(values: Values): readonly number[] {
  return listOf(values, 'id', true).map((text) => wholeOf(text, 'id', 1, Number.MAX_SAFE_INTEGER))
}

/** Exit code of a failure: 2 when the call was wrong, 1 otherwise. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return 2
  const isOption = error instanceof WaybillError && /^WB_(OPTION|SOURCE)_INVALID$/.test(error.code)
  return isOption ? 2 : 1
}
