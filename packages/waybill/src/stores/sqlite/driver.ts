import { WaybillError } from '../../model/errors.js'
import type { SqlRow, SqlValue } from '../../ports/transactions.js'

/** A prepared statement, as libsql, better-sqlite3 and node:sqlite have it. */
export interface SqliteStatement {
  all(...params: unknown[]): unknown[]
  run(...params: unknown[]): { readonly changes: number | bigint }
  /** Whether it returns rows; node:sqlite does not tell and needs no telling. */
  readonly reader?: boolean
}

/**
 * A SQLite connection by its shape, so that waybill depends on no driver: `libsql`, `better-sqlite3` (`inTransaction`, `open`)
 * and `node:sqlite`'s DatabaseSync (`isTransaction`, `isOpen`; Node 22.16 and later) fit.
 */
export interface SqliteHandle {
  prepare(sql: string): SqliteStatement
  exec(sql: string): unknown
  /** better-sqlite3 and libsql: a boolean. node:sqlite: a method, not asked. */
  readonly open?: unknown
  readonly isOpen?: boolean
  readonly inTransaction?: boolean
  readonly isTransaction?: boolean
}

/** True when `value` looks like one of the three drivers' connections. */
export function isSqliteHandle(value: unknown): value is SqliteHandle {
  if (typeof value !== 'object' || value === null) return false
  if (!('prepare' in value && typeof value.prepare === 'function')) return false
  if (!('exec' in value && typeof value.exec === 'function')) return false
  return 'inTransaction' in value || 'isTransaction' in value
}

/** False after the connection was closed. */
export function isOpen(handle: SqliteHandle): boolean {
  return 'isTransaction' in handle ? handle.isOpen !== false : handle.open !== false
}

/** True inside BEGIN … COMMIT. A closed libsql connection is never asked: it would abort the process (Rust panic, 0.5.29). */
export function inTransaction(handle: SqliteHandle): boolean {
  if (!isOpen(handle)) return false
  return handle.isTransaction ?? handle.inTransaction ?? false
}

/**
 * Runs a statement and returns its rows.
 * libsql aborts the process when its only argument is null or a Buffer, so it and better-sqlite3 get one array;
 * node:sqlite takes no array. A statement without rows goes through `run`: better-sqlite3 refuses `all`, and in libsql a
 * failed write through `all` stays open and blocks the next COMMIT.
 */
export function rowsOf(
  handle: SqliteHandle,
  statement: SqliteStatement,
  params: readonly SqlValue[],
): readonly SqlRow[] {
  if ('isTransaction' in handle) return statement.all(...params) as SqlRow[]
  if (statement.reader !== false) return statement.all([...params]) as SqlRow[]
  statement.run([...params])
  return []
}

/** Runs a statement that returns no rows; tells how many rows it changed. */
export function changesOf(handle: SqliteHandle, statement: SqliteStatement, params: readonly SqlValue[]): number {
  const result = 'isTransaction' in handle ? statement.run(...params) : statement.run([...params])
  return Number(result.changes)
}

/** A column's bytes: libsql returns ArrayBuffer, better-sqlite3 Buffer, node:sqlite Uint8Array. */
export function bytesOf(value: unknown): Uint8Array {
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  // A plain view: a Buffer would behave differently from what the memory store returns.
  if (value instanceof Uint8Array) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  throw new WaybillError(
    'WB_STORE_CORRUPT',
    `a column that holds bytes holds ${value === null ? 'null' : typeof value}`,
  )
}

/** A column's bytes or null. */
export function bytesOrNull(value: unknown): Uint8Array | null {
  return value === null ? null : bytesOf(value)
}

/** A column's whole number; a connection may be set to return bigints. */
export function numberOf(value: unknown): number {
  const number = typeof value === 'bigint' ? Number(value) : value
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number
  throw new WaybillError('WB_STORE_CORRUPT', `a column that holds a whole number holds ${String(value)}`)
}

/** A column's text. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  throw new WaybillError('WB_STORE_CORRUPT', `a column that holds text holds ${value === null ? 'null' : typeof value}`)
}
