import { WaybillError } from '../../../model/errors.js'
import type { Connection, Driver, TextParam, TextRow } from '../driver.js'

/** Type ids whose values are left as text: bool, bytea, int8, int4, text, oid, uuid and the arrays of int8. */
const asText = Object.fromEntries([16, 17, 20, 23, 25, 26, 28, 1016, 2950].map((oid) => [oid, (text: string) => text]))

/** PGlite by its shape: PostgreSQL in the process, with a single connection. For tests and tools. */
export interface PGliteLike {
  readonly waitReady: PromiseLike<void>
  query(
    sql: string,
    params: unknown[],
    options: { rowMode: 'array'; parsers: Record<number, (text: string) => unknown> },
  ): Promise<{ readonly rows: unknown[] }>
  exec(sql: string): Promise<unknown>
  listen(channel: string, notify: (payload: string) => void): Promise<(...args: never[]) => Promise<void>>
}

export function isPGlite(value: unknown): value is PGliteLike {
  return (
    typeof value === 'object' &&
    value !== null &&
    'waitReady' in value &&
    ['query', 'exec', 'listen'].every((name) => typeof Reflect.get(value, name) === 'function')
  )
}

// Keyed by database: all stores on one database must take turns.
const lastTurn = new WeakMap<PGliteLike, Promise<void>>()

/**
 * Driver for PGlite: holders of its one connection take turns. A transaction of the application is not seen: it must not be
 * begun while the store works.
 */
export function glideDriver(db: PGliteLike): Driver {
  return {
    inProcess: true,
    async reserve() {
      const before = lastTurn.get(db)
      let end = (): void => {}
      const turn = new Promise<void>((resolve) => {
        end = resolve
      })
      lastTurn.set(db, turn)
      await before
      return reserved(db, end)
    },
    async listen(channel, _statement, notices) {
      const end = await db.listen(channel, (payload) => notices.notified(payload))
      return { close: () => end() }
    },
  }
}

function reserved(db: PGliteLike, end: () => void): Connection {
  return {
    backendPid: undefined,
    async query(sql: string, params: readonly TextParam[]) {
      const values = params.map((param) => (param === null ? null : String(param)))
      const { rows } = await db.query(sql, values, { rowMode: 'array', parsers: asText })
      return (rows as unknown[][]).map(textRow)
    },
    async script(sql) {
      await db.exec(sql)
    },
    release: end,
  }
}

function textRow(row: readonly unknown[]): TextRow {
  return row.map((value) => {
    if (value === null || typeof value === 'string') return value
    if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
    throw new WaybillError('WB_INTERNAL', `PGlite returned a ${typeof value}: cast the column to text`)
  })
}
