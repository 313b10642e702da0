import { createHash } from 'node:crypto'
import { WaybillError } from '../../model/errors.js'
import { murmur2 } from '../../model/lane.js'
import type { Clock } from '../../ports/clock.js'
import { postgresSql } from '../../generated/sql.js'
import { timedOut, within } from './deadline.js'
import type { Connection, Driver, TextParam, TextRow } from './driver.js'
import { connectFailure, isBusy, storeFailure } from './failure.js'

/** Name of a statement in stores/postgres/sql. */
export type StatementName = keyof typeof postgresSql

/** What a relay runs many times a second: worth being kept parsed by the server, on each connection. */
const frequent: ReadonlySet<StatementName> = new Set<StatementName>(['advance', 'advance-usual', 'read'])

/** Runs named statements. */
export interface Statements {
  rows(name: StatementName, ...params: readonly TextParam[]): Promise<readonly TextRow[]>
  /** The only row; WB_STORE_CORRUPT when there is none. */
  row(name: StatementName, ...params: readonly TextParam[]): Promise<TextRow>
}

/** A transaction under way. */
export interface Transaction extends Statements {
  /** Runs several statements without parameters, names filled in. */
  script(sql: string): Promise<void>
}

const namePattern = /^[A-Za-z_][A-Za-z0-9_]{0,39}$/

/** Throws WB_OPTION_INVALID unless it is `[A-Za-z_][A-Za-z0-9_]{0,39}`. */
export function checkName(option: string, name: string): void {
  if (!namePattern.test(name) || /^pg_/i.test(name))
    throw new WaybillError(
      'WB_OPTION_INVALID',
      `${option} ${JSON.stringify(name)} must match ${namePattern.source} and not start with "pg_"`,
    )
}

/**
 * The store's way to the database: named statements in the configured schema, each call with a deadline, tried again while
 * the database is busy.
 */
export class Database implements Statements {
  readonly schema: string
  readonly prefix: string
  readonly driver: Driver
  readonly clock: Clock
  readonly deadlineMs: number
  #texts = new Map<StatementName, string>()
  #keptNames = new Map<StatementName, string>()
  #lockClasses = new Map<string, number>()
  #closed = new AbortController()

  constructor(
    driver: Driver,
    options: { readonly schema: string; readonly prefix: string; readonly clock: Clock; readonly deadlineMs: number },
  ) {
    this.driver = driver
    this.schema = options.schema
    this.prefix = options.prefix
    this.clock = options.clock
    this.deadlineMs = options.deadlineMs
  }

  /** Aborted by `close`. */
  get closed(): AbortSignal {
    return this.#closed.signal
  }

  /** Text of a statement with schema and prefix filled in. */
  sql(name: StatementName): string {
    let text = this.#texts.get(name)
    if (text === undefined) {
      text = this.named(postgresSql[name])
      this.#texts.set(name, text)
    }
    return text
  }

  /**
   * The one place where names are filled in: `waybill.outbox_sent` becomes `"<schema>"."<prefix>_sent"`. An inbox has a
   * prefix of its own, so `inbox` and, for the statements that both use, `outbox_meta` become its tables. A function that locks
   * has its classes as numbers (`lock_class_of_lanes`): schema and prefix decide them, so they are no parameters.
   */
  named(sql: string): string {
    const names = /\bwaybill\b(?:\.(?:outbox|inbox)(\w*))?|(?<![\w.])(?:outbox|inbox)(_\w+)|\block_class_of_(\w+)/g
    return sql.replaceAll(names, (_, table?: string, index?: string, purpose?: string) => {
      if (purpose !== undefined) return `'${this.lockClass(purpose)}'::integer`
      if (index !== undefined) return `"${this.prefix}${index}"`
      return table === undefined ? `"${this.schema}"` : `"${this.schema}"."${this.prefix}${table}"`
    })
  }

  /** The same name for the same text only: connections, and the server's behind a pooler, are shared by stores and versions. */
  #keptName(name: StatementName, sql: string): string {
    let kept = this.#keptNames.get(name)
    if (kept === undefined) {
      kept = `waybill ${name} ${createHash('sha256').update(sql).digest('hex').slice(0, 16)}`
      this.#keptNames.set(name, kept)
    }
    return kept
  }

  /** A number for advisory locks of this outbox: 32 bits, as PostgreSQL's two-number locks have them. */
  lockClass(purpose: string): number {
    let lockClass = this.#lockClasses.get(purpose)
    if (lockClass === undefined) {
      lockClass = murmur2(Buffer.from(`waybill ${purpose} ${this.schema}.${this.prefix}`))
      this.#lockClasses.set(purpose, lockClass)
    }
    return lockClass
  }

  /** One statement, one transaction. */
  rows(name: StatementName, ...params: readonly TextParam[]): Promise<readonly TextRow[]> {
    const sql = this.sql(name)
    const kept = frequent.has(name) ? this.#keptName(name, sql) : undefined
    return this.#retry(name, (connection) => connection.query(sql, params, kept))
  }

  async row(name: StatementName, ...params: readonly TextParam[]): Promise<TextRow> {
    return only(name, await this.rows(name, ...params))
  }

  /** Several statements in one transaction, rolled back when `work` rejects. */
  transaction<T>(
    what: string,
    work: (tx: Transaction) => Promise<T>,
    limits: { readonly limitMs?: number; readonly lockMs?: number } = {},
  ): Promise<T> {
    const { limitMs = this.deadlineMs, lockMs = limitMs / 2 } = limits
    return this.#retry(
      what,
      async (connection) => {
        const run = (name: StatementName, params: readonly TextParam[]): Promise<readonly TextRow[]> =>
          connection.query(this.sql(name), params)
        await run('begin', [])
        let result: T
        try {
          await run('limits', [Math.round(limitMs / 2), Math.round(lockMs)])
          result = await work({
            rows: (name, ...params) => run(name, params),
            row: async (name, ...params) => only(name, await run(name, params)),
            script: (sql) => connection.script(this.named(sql)),
          })
        } catch (error) {
          // When this fails, too, the connection is closed, which rolls back.
          await run('rollback', [])
          throw error
        }
        await run('commit', [])
        return result
      },
      limitMs,
    )
  }

  /** Later calls fail with WB_STOPPED. */
  close(): void {
    this.#closed.abort()
  }

  async #retry<T>(what: string, work: (connection: Connection) => Promise<T>, limitMs = this.deadlineMs): Promise<T> {
    const endMs = this.clock.monotonicMs() + limitMs
    // What waits on the server gives up after half of the time, and nothing is begun later: then it is known that nothing was
    // done. Only a server that does not answer at all takes the whole time, and leaves the outcome unknown.
    const lastMs = endMs - limitMs / 2
    for (let pauseMs = 2; ; pauseMs = Math.min(100, pauseMs * 2)) {
      if (this.closed.aborted) throw new WaybillError('WB_STOPPED', 'the postgres store is closed')
      try {
        return await this.#held(what, work, endMs)
      } catch (error) {
        if (
          !(error instanceof WaybillError && error.code === 'WB_STORE_BUSY') ||
          this.clock.monotonicMs() + pauseMs >= lastMs
        )
          throw error
      }
      await this.clock.sleep(pauseMs)
    }
  }

  async #held<T>(what: string, work: (connection: Connection) => Promise<T>, endMs: number): Promise<T> {
    const connection = await this.#connection(what, endMs)
    let ended = false
    const running = work(connection)
    const late = (): void => {
      if (ended) return
      ended = true
      // What runs on the server would go on and keep its locks although nobody listens to it any more.
      if (connection.backendPid !== undefined) this.#cancel(connection.backendPid)
      connection.release(true)
    }
    try {
      const result = await within(this.clock, endMs, running)
      if (result === timedOut) {
        late()
        throw new WaybillError(
          'WB_STORE_FAILED',
          `PostgreSQL did not answer within ${this.deadlineMs} ms; whether it did what was asked is unknown (${what})`,
          { facts: { statement: what } },
        )
      }
      ended = true
      connection.release(false)
      return result
    } catch (error) {
      if (!ended) {
        ended = true
        connection.release(!isAlive(error))
      }
      throw storeFailure(error, what)
    }
  }

  async #connection(what: string, endMs: number): Promise<Connection> {
    const reserved = this.driver.reserve()
    const late = (): void => {
      // It may still come: then it is given back.
      reserved.then((connection) => connection.release(false)).catch(() => {})
    }
    try {
      const connection = await within(this.clock, endMs, reserved)
      if (connection !== timedOut) return connection
      late()
    } catch (error) {
      throw connectFailure(error, what)
    }
    throw new WaybillError(
      'WB_STORE_UNREACHABLE',
      `no connection to PostgreSQL within ${this.deadlineMs} ms: the server is out of reach, or all connections of the pool are in use (${what})`,
      { facts: { statement: what } },
    )
  }

  #cancel(backendPid: number): void {
    const ask = async (): Promise<void> => {
      const connection = await this.driver.reserve()
      try {
        await connection.query(this.sql('cancel'), [backendPid])
        connection.release(false)
      } catch {
        connection.release(true)
      }
    }
    ask().catch(() => {})
  }
}

/** An error that the server reported on a connection that goes on. A FATAL one, or one of the socket, ended it. */
function isAlive(error: unknown): boolean {
  if (error instanceof WaybillError) return true
  if (isBusy(error)) return true
  if (typeof error !== 'object' || error === null || !('severity' in error)) return false
  return error.severity === 'ERROR'
}

function only(name: string, rows: readonly TextRow[]): TextRow {
  const [row] = rows
  if (!row) throw new WaybillError('WB_STORE_CORRUPT', `${name} returned no row`)
  return row
}
