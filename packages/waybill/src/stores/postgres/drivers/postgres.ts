import type { Connection, Driver, TextParam, TextRow } from '../driver.js'

/** A query of the package `postgres`; `raw` rows are bytes as they came, untouched by type parsers and transforms. */
interface PostgresQuery extends PromiseLike<unknown> {
  raw(): PromiseLike<readonly (readonly (Uint8Array | null)[])[]>
  simple(): PromiseLike<unknown>
}

interface PostgresReserved {
  unsafe(sql: string, params?: TextParam[]): PostgresQuery
  release(): void
}

/** A client of the package `postgres` (porsager, 3.4 and later) by its shape. */
export interface PostgresSql {
  unsafe(sql: string, params?: never[]): PromiseLike<unknown>
  reserve(): Promise<unknown>
  listen(
    channel: string,
    notify: (payload: string) => void,
    listening?: () => void,
  ): Promise<{ unlisten(): Promise<unknown> }>
}

export function isPostgresSql(value: unknown): value is PostgresSql {
  return (
    typeof value === 'function' &&
    ['unsafe', 'reserve', 'listen'].every((name) => typeof Reflect.get(value, name) === 'function')
  )
}

/** Driver for postgres (porsager). */
export function postgresDriver(sql: PostgresSql): Driver {
  return {
    inProcess: false,
    reserve: async () => reserved((await sql.reserve()) as PostgresReserved),
    async listen(channel, _statement, notices) {
      // It reconnects and listens again by itself, and calls back each time.
      let times = 0
      const { unlisten } = await sql.listen(
        channel,
        (payload) => notices.notified(payload),
        () => {
          if (++times > 1) notices.notified('')
        },
      )
      return {
        async close() {
          await unlisten()
        },
      }
    },
  }
}

function reserved(sql: PostgresReserved): Connection {
  return {
    backendPid: undefined,
    async query(text, params) {
      const rows = await sql.unsafe(text, [...params]).raw()
      return rows.map(textRow)
    },
    async script(text) {
      await sql.unsafe(text).simple()
    },
    release: () => sql.release(),
  }
}

function textRow(row: readonly (Uint8Array | null)[]): TextRow {
  return row.map((value) => value && Buffer.from(value.buffer, value.byteOffset, value.length).toString())
}
