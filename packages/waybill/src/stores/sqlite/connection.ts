import { WaybillError } from '../../model/errors.js'
import type { Clock } from '../../ports/clock.js'
import type { SqlRow, SqlValue } from '../../ports/transactions.js'
import { sqliteSql } from '../../generated/sql.js'
import { changesOf, inTransaction, isOpen, numberOf, rowsOf } from './driver.js'
import type { SqliteHandle, SqliteStatement } from './driver.js'
import { isBusy, storeFailure } from './failure.js'

/** Name of a statement in stores/sqlite/sql. */
export type StatementName = keyof typeof sqliteSql

const prefixPattern = /^[A-Za-z][A-Za-z0-9_]{0,39}$/

/**
 * The one place where table names get the prefix: `outbox`, `outbox_sent` … become `<prefix>`, `<prefix>_sent` … An inbox has
 * a connection and a prefix of its own, so `inbox` and, for the statements that both use, `outbox_meta` become its tables.
 */
export function withPrefix(sql: string, prefix: string): string {
  return sql.replaceAll(/\b(?:outbox|inbox)(?=_|\b)/g, prefix)
}

/** Throws WB_OPTION_INVALID unless the prefix is `[A-Za-z][A-Za-z0-9_]{0,39}` and not SQLite's own. */
export function checkPrefix(prefix: string): void {
  if (!prefixPattern.test(prefix) || /^sqlite_?/i.test(prefix))
    throw new WaybillError(
      'WB_OPTION_INVALID',
      `prefix ${JSON.stringify(prefix)} must match ${prefixPattern.source} and not start with "sqlite"`,
    )
}

/**
 * The store's connection: named statements, each prepared once, and transactions that never block the event loop for long.
 *
 * Waiting for a lock is done *between* calls through the clock, not by SQLite's busy handler, which sleeps inside the
 * call and would stop every timer, lease renewal and request of the process for as long. The busy timeout is only
 * 10 ms: long enough for the usual neighbour's commit (one fsync), which a longer pause between tries would only notice late.
 */
export class SqliteConnection {
  readonly handle: SqliteHandle
  readonly prefix: string
  readonly #clock: Clock
  readonly #deadlineMs: number
  #texts = new Map<StatementName, string>()
  #prepared = new Map<StatementName, SqliteStatement>()
  #closed = false

  constructor(handle: SqliteHandle, options: { prefix: string; clock: Clock; deadlineMs: number }) {
    this.handle = handle
    this.prefix = options.prefix
    this.#clock = options.clock
    this.#deadlineMs = options.deadlineMs
  }

  /** Text of a statement with the prefix. */
  sql(name: StatementName): string {
    let text = this.#texts.get(name)
    if (text === undefined) {
      text = withPrefix(sqliteSql[name], this.prefix)
      this.#texts.set(name, text)
    }
    return text
  }

  rows(name: StatementName, ...params: SqlValue[]): readonly SqlRow[] {
    return rowsOf(this.handle, this.#statement(name), params)
  }

  /** The only row; WB_STORE_CORRUPT when there is none (an aggregate always has one). */
  row(name: StatementName, ...params: SqlValue[]): SqlRow {
    const [row] = this.rows(name, ...params)
    if (!row) throw new WaybillError('WB_STORE_CORRUPT', `${name} returned no row`)
    return row
  }

  change(name: StatementName, ...params: SqlValue[]): number {
    return changesOf(this.handle, this.#statement(name), params)
  }

  /** The database's clock: SQLite's own. */
  now(): number {
    return numberOf(this.row('now').now)
  }

  /** Runs several statements at once, without parameters. */
  script(sql: string): void {
    this.handle.exec(withPrefix(sql, this.prefix))
  }

  /** Runs `work` outside of any transaction, trying again while the database is locked. */
  read<T>(what: string, work: () => T): Promise<T> {
    return this.#retry(what, work)
  }

  /** Runs `work` in one BEGIN IMMEDIATE … COMMIT; a failure rolls back. `work` gets the database clock, read once. */
  write<T>(what: string, work: (nowMs: number) => T): Promise<T> {
    return this.#retry(what, () => {
      // exec, not a prepared statement: in libsql a BEGIN that failed with SQLITE_BUSY stays open and blocks later COMMITs.
      this.handle.exec(sqliteSql.begin)
      try {
        const result = work(this.now())
        this.handle.exec(sqliteSql.commit)
        return result
      } catch (error) {
        // SQLITE_FULL and SQLITE_IOERR may have rolled back already.
        if (inTransaction(this.handle)) this.handle.exec(sqliteSql.rollback)
        throw error
      }
    })
  }

  /** Drops the prepared statements; later calls fail with WB_STOPPED. */
  close(): void {
    this.#closed = true
    this.#prepared.clear()
  }

  async #retry<T>(what: string, work: () => T): Promise<T> {
    const startMs = this.#clock.monotonicMs()
    for (let pauseMs = 1; ; pauseMs = Math.min(50, pauseMs * 2)) {
      let busy: unknown
      if (this.#closed) throw new WaybillError('WB_STOPPED', 'the sqlite store is closed')
      if (!isOpen(this.handle))
        throw new WaybillError('WB_STOPPED', "the store's SQLite connection was closed; stop waybill first")
      try {
        // Someone else's transaction on this very connection: our statements would become part of it.
        if (!inTransaction(this.handle)) return work()
        busy = new WaybillError(
          'WB_STORE_BUSY',
          `the store's own SQLite connection is inside another transaction (${what}); give the store a connection of its own`,
        )
      } catch (error) {
        if (!isBusy(error)) throw storeFailure(error, what)
        busy = error
      }
      if (this.#clock.monotonicMs() - startMs >= this.#deadlineMs) throw storeFailure(busy, what)
      await this.#clock.sleep(pauseMs)
    }
  }

  #statement(name: StatementName): SqliteStatement {
    let statement = this.#prepared.get(name)
    if (!statement) {
      statement = this.handle.prepare(this.sql(name))
      this.#prepared.set(name, statement)
    }
    return statement
  }
}
