import { WaybillError } from '../model/errors.js'

/** WB_NOT_IN_TRANSACTION: what is wrong with the handle, and what to pass instead. */
export function refusal(what: string, fix: string, cause?: unknown): WaybillError {
  return new WaybillError('WB_NOT_IN_TRANSACTION', `${what}. ${fix}`, { cause })
}

/** What a value is, for an error text. */
export function describe(value: unknown): string {
  if (typeof value === 'function') return `the function ${value.name}`
  if (typeof value !== 'object' || value === null) return String(value)
  const maker: unknown = 'constructor' in value ? value.constructor : undefined
  return typeof maker === 'function' ? `an object of class ${maker.name}` : 'an object without a class'
}

/** Something with properties: an object, a proxy, or a function with methods (knex and porsager's sql are functions). */
export function isObject(value: unknown): value is Readonly<Record<PropertyKey, unknown>> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}
