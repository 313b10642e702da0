import { WaybillError } from '../model/errors.js'

/** WB_NOT_IN_TRANSACTION: what is wrong with the handle, and what to pass instead. */
export function refusal(what: string, fix: string): WaybillError {
  return new WaybillError('WB_NOT_IN_TRANSACTION', `${what}. ${fix}`)
}

/** What a value is, for an error text. */
export function describe(value: unknown): string {
  if (typeof value === 'function') return `the function ${value.name}`
  if (typeof value !== 'object' || value === null) return String(value)
  const maker: unknown = 'constructor' in value ? value.constructor : undefined
  return typeof maker === 'function' ? `an object of class ${maker.name}` : 'an object without a class'
}

/** Something with properties: a proxy, a function with methods (knex, porsager's sql) or an object. */
export function isObject(value: unknown): value is Readonly<Record<PropertyKey, unknown>> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

/**
 * A statement that PostgreSQL refuses outside a transaction block (25P01) and that leaves nothing behind: the lock is the one
 * of any query. For drivers that do not tell their transaction status.
 */
export const onlyInTransaction = 'lock table pg_catalog.pg_class in access share mode'
