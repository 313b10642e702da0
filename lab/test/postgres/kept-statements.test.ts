import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { postgres } from 'waybill/postgres'
import type { PostgresStore } from 'waybill/postgres'
import { startPostgres } from '../../src/cluster/postgres-server.js'
import type { PostgresServer } from '../../src/cluster/postgres-server.js'
import { outbox, Scene } from './scene.js'

let server: PostgresServer
before(async () => {
  server = await startPostgres()
})
after(() => server.close())

/** A store with a single connection, `ask` on that connection, and a call whose statement is kept. */
async function single(
  scene: Scene,
  work: (store: PostgresStore, ask: (sql: string) => Promise<string[]>, call: () => Promise<unknown>) => Promise<void>,
): Promise<void> {
  const pool = new pg.Pool({ connectionString: server.url, max: 1 })
  const store = postgres(pool, { schema: scene.schema })
  try {
    await store.open(outbox)
    const call = (): Promise<unknown> => store.read([{ lane: 0, afterId: 0 }], { rows: 10, bytes: 1000 })
    await work(store, async (sql) => (await pool.query<{ name: string }>(sql)).rows.map(({ name }) => name), call)
  } finally {
    await store.close()
    await pool.end()
  }
}

const keptNames = 'SELECT name FROM pg_prepared_statements ORDER BY name'

test('the frequent statements are kept by the server', async () => {
  await using scene = await Scene.open(server)
  await single(scene, async (store, ask, call) => {
    for (let i = 0; i < 3; i++) await call()
    const fence = 1
    const park = { kind: 'park', lane: 0, fence, rowId: 1, reason: 'none' } as const
    assert.deepEqual(await store.advance([park]), [{ kind: 'fenced' }])
    assert.match((await ask(keptNames)).join(), /^waybill advance \w{16},waybill read \w{16}$/)
  })
})

test('a kept statement that is gone, as behind a pooler in transaction mode, is run without a name from then on', async () => {
  await using scene = await Scene.open(server)
  await single(scene, async (_store, ask, call) => {
    await call()
    await ask('DEALLOCATE ALL')
    for (let i = 0; i < 3; i++) await call()
    assert.deepEqual(await ask(keptNames), [])
  })
})

test('a name that another client of the pooler has given already is not used', async () => {
  await using scene = await Scene.open(server)
  let name = ''
  await single(scene, async (_store, ask, call) => {
    await call()
    ;[name = ''] = await ask(keptNames)
  })
  await single(scene, async (_store, ask, call) => {
    await ask(`PREPARE "${name}" AS SELECT 'mine' AS name`)
    for (let i = 0; i < 3; i++) await call()
    assert.deepEqual(await ask(`EXECUTE "${name}"`), ['mine'])
    assert.deepEqual(await ask(keptNames), [name])
  })
})
