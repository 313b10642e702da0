import pg from 'pg'
import postgresJs from 'postgres'
import type { StoreWorld } from 'waybill/testing'
import { fromPg } from 'waybill/pg'
import { postgres } from 'waybill/postgres'
import type { PostgresClient, PostgresOptions } from 'waybill/postgres'
import type { PostgresServer } from '../../src/cluster/postgres-server.js'
import { discardedOf, parkedOf, sentOf } from './views.js'

/** Opens a pool for a store with one of the drivers. */
export type Open = (url: string) => PostgresClient & { end(): Promise<void> }

export const openPg: Open = (url) => new pg.Pool({ connectionString: url, max: 4 })
export const openPostgresJs: Open = (url) => postgresJs(url, { max: 4, onnotice: () => {} })

let worlds = 0

/** A schema of its own with two processes' worth of pools: for each a store's and an application's. */
export function postgresWorld(server: PostgresServer, open: Open, options: PostgresOptions = {}): StoreWorld {
  const own = { schema: `world_${process.pid}_${++worlds}`, ...options }
  const table = `${own.schema}.${own.prefix ?? 'outbox'}`
  const pools = [open(server.url), open(server.url)] as const
  const applications = [0, 1].map(() => new pg.Pool({ connectionString: server.url, max: 30 }))
  const [application, peerApplication] = applications
  if (!application || !peerApplication) throw new Error('two applications')
  const store = postgres(pools[0], own)
  const select = async (sql: string): Promise<pg.QueryResult<Record<string, unknown>>> => application.query(sql)
  return {
    store,
    transactions: fromPg(application),
    peer: { store: postgres(pools[1], own), transactions: fromPg(peerApplication) },
    async passTime(ms) {
      const until = (await store.nowMs()) + ms
      while ((await store.nowMs()) < until) await new Promise((resolve) => setImmediate(resolve))
    },
    sent: async () => (await select(`SELECT * FROM ${table}_sent ORDER BY id`)).rows.map(sentOf),
    parked: async () => (await select(`SELECT * FROM ${table}_parked ORDER BY id`)).rows.map(parkedOf),
    async discarded() {
      const { rows, fields } = await select(`SELECT * FROM ${table}_discarded ORDER BY id`)
      return rows.map((row) =>
        discardedOf(
          row,
          fields.map(({ name }) => name),
        ),
      )
    },
    async close() {
      await store.close()
      await application.query(`DROP SCHEMA IF EXISTS ${own.schema} CASCADE`)
      await Promise.all([...pools, ...applications].map((pool) => pool.end()))
    },
  }
}
