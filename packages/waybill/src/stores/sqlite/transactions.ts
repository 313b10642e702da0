import { WaybillError } from '../../model/errors.js'
import type { Clock } from '../../ports/clock.js'
import type { SqlRow, SqlValue, Transactions } from '../../ports/transactions.js'
import { sqliteSql } from '../../generated/sql.js'
import { inTransaction, isOpen, isSqliteHandle, numberOf, rowsOf } from './driver.js'
import type { SqliteHandle, SqliteStatement } from './driver.js'
import { isBusy, storeFailure } from './failure.js'
import { Turns } from './turns.js'

/** Options of `sqliteTransactions`. */
export interface SqliteTransactionsOptions {
  /** How long `run` waits for its turn, and then for the database's lock. 5000 ms by default. */
  readonly busyTimeoutMs?: number
  /** Paces those waits. */
  readonly clock: Clock
}

/** Prepared statements kept per connection. */
const statementsMax = 100
/** Transactions that may wait for one connection. */
const waitingMax = 10_000

// Keyed by connection, not by adapter: two adapters on one connection must still take turns.
const turnsOf = new WeakMap<SqliteHandle, Turns>()
const statementsOf = new WeakMap<SqliteHandle, Map<string, SqliteStatement>>()

/**
 * The application's own transactions on a libsql, better-sqlite3 or node:sqlite connection. The handle is the connection
 * itself, so `run` lets one transaction run at a time: two callbacks that await in turns on one connection would share one
 * transaction, and the rollback of one would take the other's rows with it. For the same reason a statement that other
 * code runs on this connection meanwhile becomes part of the transaction; give such code a connection of its own.
 *
 * With better-sqlite3 also `db.transaction(() => waybill.sendSync(db, ...)).immediate()`. `check` accepts any SQLite
 * connection with an open transaction, so several connections can be used.
 */
export function sqliteTransactions(
  database: SqliteHandle,
  options: SqliteTransactionsOptions,
): Transactions<SqliteHandle> {
  const { busyTimeoutMs = 5000, clock } = options
  if (!isSqliteHandle(database))
    throw new WaybillError(
      'WB_OPTION_INVALID',
      'fromSqlite() takes an open connection of libsql, better-sqlite3 or node:sqlite (Node 22.16 or later)',
    )
  const turns = turnsOf.get(database) ?? new Turns(clock, waitingMax)
  turnsOf.set(database, turns)
  return {
    dialect: 'sqlite',
    async run(fn) {
      await turns.take(busyTimeoutMs)
      try {
        await begin(database, clock, busyTimeoutMs)
        return await finish(database, fn)
      } finally {
        turns.pass()
      }
    },
    check,
    execute: async (tx, sql, params) => execute(tx, sql, params),
    executeSync: execute,
  }
}

/** BEGIN IMMEDIATE, tried again while another connection writes, or while other code has this one in a transaction. */
async function begin(database: SqliteHandle, clock: Clock, deadlineMs: number): Promise<void> {
  const startMs = clock.monotonicMs()
  for (let pauseMs = 1; ; pauseMs = Math.min(50, pauseMs * 2)) {
    if (!isOpen(database))
      throw new WaybillError('WB_NOT_IN_TRANSACTION', 'this SQLite connection is closed; open it again')
    let failure: unknown = new WaybillError(
      'WB_STORE_BUSY',
      'this SQLite connection is inside a transaction that other code began',
    )
    try {
      if (!inTransaction(database)) {
        beginSoon(database)
        return
      }
    } catch (error) {
      if (!isBusy(error)) throw storeFailure(error, 'begin')
      failure = error
    }
    if (clock.monotonicMs() - startMs >= deadlineMs) throw storeFailure(failure, 'begin')
    await clock.sleep(pauseMs)
  }
}

/**
 * BEGIN IMMEDIATE with at most 10 ms inside SQLite. better-sqlite3 waits 5 s by default and stops the event loop for it: when
 * the lock's holder is another connection of this process that awaits something, neither can go on (seen in the contract).
 * The caller's own timeout is put back at once.
 */
function beginSoon(database: SqliteHandle): void {
  const [row] = execute(database, sqliteSql['pragma-busy-timeout'], [])
  const ownMs = numberOf(row?.timeout)
  if (ownMs <= 10) {
    database.exec(sqliteSql.begin)
    return
  }
  database.exec(sqliteSql['pragma-set-busy-timeout'])
  try {
    database.exec(sqliteSql.begin)
  } finally {
    database.exec(`${sqliteSql['pragma-busy-timeout']} = ${ownMs}`)
  }
}

async function finish<T>(database: SqliteHandle, fn: (tx: SqliteHandle) => Promise<T>): Promise<T> {
  try {
    const result = await fn(database)
    // Already ended by the callback: what it did is committed or gone, and reporting success could be a lie.
    check(database)
    try {
      database.exec(sqliteSql.commit)
    } catch (error) {
      throw storeFailure(error, 'commit')
    }
    return result
  } catch (error) {
    if (inTransaction(database)) database.exec(sqliteSql.rollback)
    throw error
  }
}

function check(value: unknown): asserts value is SqliteHandle {
  const fix =
    'Use the `tx` of waybill.transaction(async (tx) => { ... await waybill.send(tx, message) }) inside its callback, or run ' +
    'BEGIN IMMEDIATE on the connection before and COMMIT after'
  if (!isSqliteHandle(value))
    throw new WaybillError('WB_NOT_IN_TRANSACTION', `this is not a SQLite connection: ${describe(value)}. ${fix}`)
  if (!isOpen(value)) throw new WaybillError('WB_NOT_IN_TRANSACTION', `this SQLite connection is closed. ${fix}`)
  if (!inTransaction(value))
    throw new WaybillError(
      'WB_NOT_IN_TRANSACTION',
      `this SQLite connection is in no transaction (never begun or already finished): the message would not commit with your rows. ${fix}`,
    )
}

function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  const maker: unknown = 'constructor' in value ? value.constructor : undefined
  return typeof maker === 'function' ? `an object of class ${maker.name}` : 'an object without a class'
}

function execute(tx: SqliteHandle, sql: string, params: readonly SqlValue[]): readonly SqlRow[] {
  let statements = statementsOf.get(tx)
  if (!statements) {
    statements = new Map<string, SqliteStatement>()
    statementsOf.set(tx, statements)
  }
  let statement = statements.get(sql)
  if (!statement) {
    statement = tx.prepare(sql)
    const [oldest] = statements.keys()
    if (statements.size >= statementsMax && oldest !== undefined) statements.delete(oldest)
    statements.set(sql, statement)
  }
  return rowsOf(tx, statement, params)
}
