import { after, before, test } from 'node:test'
import pg from 'pg'
import { fromPg } from 'waybill/pg'
import { postgres, postgresInbox } from 'waybill/postgres'
import type { InboxWorld } from 'waybill/testing'
import { inboxContract } from 'waybill/testing'
import { startPostgres } from '../../src/cluster/postgres-server.js'
import type { PostgresServer } from '../../src/cluster/postgres-server.js'
import { rejected, Scene } from './scene.js'
import { openPg, openPostgresJs } from './world.js'
import type { Open } from './world.js'

let server: PostgresServer
let worlds = 0
before(async () => {
  server = await startPostgres()
})
after(() => server.close())

async function inboxWorld(open: Open, beside: boolean): Promise<InboxWorld> {
  const schema = `inbox_${process.pid}_${++worlds}`
  const pools = [open(server.url), open(server.url)] as const
  const applications = [0, 1].map(() => new pg.Pool({ connectionString: server.url }))
  const [application, peerApplication] = applications
  if (!application || !peerApplication) throw new Error('two applications')
  const inboxes = pools.map((pool) => (beside ? postgres(pool, { schema }).inbox : postgresInbox(pool, { schema })))
  const [inbox, peerInbox] = inboxes
  if (!inbox || !peerInbox) throw new Error('two inboxes')
  const nowMs = (): Promise<number> => postgres(pools[0], { schema }).nowMs()
  return {
    inbox,
    transactions: fromPg(application),
    peer: { inbox: peerInbox, transactions: fromPg(peerApplication) },
    nowMs,
    async passTime(ms) {
      const until = (await nowMs()) + ms
      while ((await nowMs()) < until) await new Promise((resolve) => setImmediate(resolve))
    },
    async close() {
      await application.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
      await Promise.all([...pools, ...applications].map((pool) => pool.end()))
    },
  }
}

const drivers: Readonly<Record<string, Open>> = { pg: openPg, 'postgres.js': openPostgresJs }
for (const [driver, open] of Object.entries(drivers))
  for (const { name, run } of inboxContract({ fresh: () => inboxWorld(open, driver === 'pg') }))
    test(`${driver}: ${name}`, run)

test('an effect that a crash may take back is refused', async () => {
  await using scene = await Scene.open(server)
  await scene.store.inbox.migrate()
  const transactions = fromPg(scene.application)
  const entry = { group: 'billing', source: 'shop', messageId: 'a', timeMs: 1 }
  const accept = (): Promise<boolean> =>
    transactions.run(async (tx) => {
      await tx.query('SET LOCAL synchronous_commit = off')
      return scene.store.inbox.accept(transactions, tx, entry)
    })
  await rejected(accept(), 'WB_STORE_UNSAFE')
})
