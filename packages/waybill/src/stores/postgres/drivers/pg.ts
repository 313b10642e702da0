import { WaybillError } from '../../../model/errors.js'
import type { Connection, Driver, TextParam, TextRow } from '../driver.js'
import { codeOf } from '../failure.js'

/** A query as pg takes it. `types` overrides the application's type parsers for this query only. */
interface PgQuery {
  readonly name?: string
  readonly text: string
  readonly values?: readonly TextParam[]
  readonly rowMode?: 'array'
  readonly types?: { getTypeParser(): (text: string) => string }
}

interface QueryClient {
  query(query: PgQuery): Promise<{ readonly rows: TextRow[] }>
}

/** A connection of pg's pool, as far as it is used. */
export interface PgClient {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: unknown[] }>
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'end', listener: () => void): unknown
  on(event: 'notification', listener: (message: PgNotification) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
  release(destroy?: boolean | Error): void
}

interface PgNotification {
  readonly channel: string
  readonly payload?: string | undefined
}

/** `pg.Pool` by its shape (pg 8.11 and later). */
export interface PgPool {
  connect(): Promise<PgClient>
  query(text: string, values?: unknown[]): Promise<{ readonly rows: unknown[] }>
  on(event: 'error', listener: (error: Error) => void): unknown
  readonly totalCount: number
  readonly options: { readonly max: number }
}

export function isPgPool(value: unknown): value is PgPool {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['connect', 'query', 'on'].every((name) => typeof Reflect.get(value, name) === 'function') &&
    'totalCount' in value &&
    typeof value.totalCount === 'number'
  )
}

const asText = { getTypeParser: () => (text: string) => text }

/**
 * What a statement fails with when the server has not kept it, has another one under its name, or has kept it with columns
 * that a migration changed. It comes before anything ran.
 */
const lostNames: ReadonlySet<string | undefined> = new Set(['26000', '42P05', '0A000'])

/** Whether the pool's statements are kept under names: until that fails, because there is a pooler in transaction mode. */
interface Naming {
  isOn: boolean
}

/** Driver for pg. Keeps statements that have a name: to parse and plan the call of a function took 0.1 ms of the server. */
export function pgDriver(pool: PgPool): Driver {
  const naming: Naming = { isOn: true }
  // Without a listener an idle connection that the server closes would end the process.
  pool.on('error', () => {})
  return {
    inProcess: false,
    reserve: async () => reserved(await pool.connect(), naming),
    async listen(channel, statement, notices) {
      if (pool.options.max < 2)
        throw new WaybillError(
          'WB_OPTION_INVALID',
          'a pool of one connection has none left to listen on: set max to 2 or more',
        )
      const client = await pool.connect()
      let closed = false
      const lost = (cause?: unknown): void => {
        if (closed) return
        closed = true
        client.release(true)
        notices.lost(cause)
      }
      client.on('notification', (message) => {
        if (message.channel === channel) notices.notified(message.payload ?? '')
      })
      client.on('error', lost)
      client.on('end', lost)
      try {
        await client.query(statement)
      } catch (error) {
        closed = true
        client.release(true)
        throw error
      }
      return {
        async close() {
          if (closed) return
          closed = true
          // Closed, not given back: it would go on listening in the application's hands.
          client.release(true)
        },
      }
    },
  }
}

function reserved(client: PgClient, naming: Naming): Connection {
  // A checked-out client whose connection breaks emits `error`; unheard it would end the process. The query fails, too.
  const heard = (): void => {}
  client.on('error', heard)
  const pid: unknown = 'processID' in client ? client.processID : undefined
  return {
    backendPid: typeof pid === 'number' ? pid : undefined,
    async query(text, values, name) {
      const run = async (query: PgQuery): Promise<readonly TextRow[]> =>
        (await (client as unknown as QueryClient).query(query)).rows
      const query: PgQuery = { text, values, rowMode: 'array', types: asText }
      if (name === undefined || !naming.isOn) return run(query)
      try {
        return await run({ ...query, name })
      } catch (error) {
        if (!lostNames.has(codeOf(error))) throw error
        naming.isOn = false
        return run(query)
      }
    },
    async script(sql) {
      await client.query(sql)
    },
    release(broken) {
      client.removeListener('error', heard)
      client.release(broken)
    },
  }
}
