import { Pool, type PoolClient } from 'pg'
import { createWaybill, jsonLog, type Waybill } from 'waybill'
import { fromPg } from 'waybill/pg'
import { postgres } from 'waybill/postgres'
import { keyOf, lanes as defaultLanes, source, valueOf } from './work.js'

/** What a business transaction writes beside its own row. */
export const writings = ['none', 'handwritten', 'debezium', 'ordered', 'unordered'] as const
export type Writing = (typeof writings)[number]

/** How the service of a bench is set up. */
export interface BusinessSettings {
  readonly brokers: readonly string[]
  readonly database: string
  readonly topic: string
  readonly writing: Writing
  /** Whether waybill's relay runs in this process. */
  readonly relay: boolean
  readonly connections: number
  readonly lanes?: number
}

/** A service with open connections. */
export interface Business {
  readonly clients: readonly PoolClient[]
  /** One business transaction: a row of its own, and message `n`. Resolves when the commit is acknowledged. */
  transact(client: PoolClient, n: number): Promise<void>
  close(): Promise<void>
}

/** The business table. */
export const ordersTable =
  'CREATE TABLE orders (id bigserial PRIMARY KEY, customer text NOT NULL, amount int NOT NULL, note text NOT NULL)'

const note = 'x'.repeat(100)

/** Connects, and starts waybill where it is written with. */
export async function openBusiness(settings: BusinessSettings): Promise<Business> {
  const { database, writing, connections, topic } = settings
  const pool = new Pool({ connectionString: database, max: connections })
  const waybill = writing === 'ordered' || writing === 'unordered' ? await openWaybill(settings) : undefined
  const write = writer(writing, topic, waybill?.instance)
  const clients = await Promise.all(Array.from({ length: connections }, () => pool.connect()))
  return {
    clients,
    async transact(client, n) {
      await client.query('BEGIN')
      await client.query('INSERT INTO orders (customer, amount, note) VALUES ($1, $2, $3)', [keyOf(n), n, note])
      await write(client, n)
      await client.query('COMMIT')
    },
    async close() {
      for (const client of clients) client.release()
      await waybill?.close()
      await pool.end()
    },
  }
}

type Write = (client: PoolClient, n: number) => Promise<unknown>

function writer(writing: Writing, topic: string, waybill: Waybill<PoolClient> | undefined): Write {
  switch (writing) {
    case 'none':
      return async () => undefined
    case 'handwritten':
      return (client, n) => client.query('INSERT INTO outbox (key, value) VALUES ($1, $2)', [keyOf(n), valueOf(n)])
    case 'debezium': {
      const insert = `INSERT INTO outbox VALUES (gen_random_uuid(), 'order', $1, 'placed', $2)`
      return (client, n) => client.query(insert, [keyOf(n), valueOf(n)])
    }
    case 'ordered':
    case 'unordered':
      if (!waybill) throw new Error('internal error: waybill is not open')
      return (client, n) => waybill.send(client, { topic, key: keyOf(n), value: valueOf(n) })
  }
}

async function openWaybill({
  brokers,
  database,
  topic,
  writing,
  relay,
  lanes = defaultLanes,
}: BusinessSettings): Promise<{
  readonly instance: Waybill<PoolClient>
  close(): Promise<void>
}> {
  const pool = new Pool({ connectionString: database, max: 10 })
  const instance = createWaybill({
    source,
    brokers,
    lanes,
    store: postgres(pool),
    transactions: fromPg(pool),
    topics: { [topic]: { ordered: writing === 'ordered' } },
    ...(relay ? {} : { relay: false as const }),
    migrate: true,
    log: jsonLog('warn'),
  })
  await instance.start()
  return {
    instance,
    async close() {
      await instance.stop()
      await pool.end()
    },
  }
}
