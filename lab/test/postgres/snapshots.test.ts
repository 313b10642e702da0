import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startPostgres } from '../../src/cluster/postgres-server.js'
import type { PostgresServer } from '../../src/cluster/postgres-server.js'
import { outbox, Scene } from './scene.js'

const dead = 200_000
const lanes = Array.from({ length: outbox.lanes }, (_, lane) => lane)

let server: PostgresServer
before(async () => {
  server = await startPostgres({ settings: { autovacuum: 'off', max_wal_size: '4GB' } })
})
after(() => server.close())

/** Rows as they would be after `dead` marks, with 100 that wait behind them; the highest dead id. */
async function fill(scene: Scene): Promise<number> {
  const insert = (rows: number): Promise<unknown> =>
    scene.query(
      `INSERT INTO ${scene.schema}.outbox (lane, message_id, topic, key, headers, value, created_at)
       SELECT g % ${outbox.lanes}, gen_random_uuid(), 'orders', 'k', '', 'v', 1 FROM generate_series(1, ${rows}) g`,
    )
  await insert(dead)
  await scene.query(`DELETE FROM ${scene.schema}.outbox`)
  const [row] = await scene.query(`SELECT last_value::int AS id FROM ${scene.schema}.outbox_id_seq`)
  await insert(100)
  return Number(row?.id)
}

/** Pages that the session's statements touched, and index entries and rows that they fetched from `outbox`. */
async function cost(scene: Scene, work: () => Promise<unknown>): Promise<{ readonly fetched: number }> {
  const stats = async (): Promise<number> => {
    await scene.query('SELECT pg_stat_clear_snapshot()')
    const [row] = await scene.query(
      'SELECT (pg_stat_get_tuples_fetched(c.oid) + pg_stat_get_tuples_returned(i.indexrelid))::int AS n FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid WHERE c.oid = $1::regclass',
      [`${scene.schema}.outbox`],
    )
    return Number(row?.n)
  }
  const startedAt = await stats()
  await work()
  // Sessions hand their counters over when they are idle for a moment.
  await scene.pool.query('SELECT pg_stat_force_next_flush()')
  return { fetched: (await stats()) - startedAt }
}

test('200 000 dead rows under a held snapshot cost a read above the floor nothing', async () => {
  await using scene = await Scene.open(server)
  const holder = await scene.begin()
  await holder.client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
  await holder.client.query('SELECT txid_current()')
  const floor = await fill(scene)
  const read = async (afterId: number): Promise<number> => {
    const page = await scene.store.read(
      lanes.map((lane) => ({ lane, afterId })),
      { rows: 2_000, bytes: 1 << 26 },
    )
    return page.rows.length
  }
  const fromFloor = await cost(scene, async () => assert.equal(await read(floor), 100))
  assert(fromFloor.fetched <= 1_000, `${fromFloor.fetched} index entries and rows`)
  const fromStart = await cost(scene, async () => assert.equal(await read(0), 100))
  assert(fromStart.fetched >= dead, `the dead are there and cost: ${fromStart.fetched}`)
  await holder.end()
})

test('a claim and a mark look at their own rows only, whatever died before them', async () => {
  await using scene = await Scene.open(server)
  const holder = await scene.begin()
  await holder.client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
  await holder.client.query('SELECT txid_current()')
  const floor = await fill(scene)
  const { rows } = await scene.store.read([{ lane: 0, afterId: floor }], { rows: 2_000, bytes: 1 << 26 })
  const [state] = await scene.store.take('relay', 1, 600_000)
  const fence = state?.lease.fence ?? -1
  const place = { lane: 0, topic: 'orders', partition: 0, incarnation: { producerId: 7, producerEpoch: 0 } }
  const ids = rows.map(({ id }) => id)
  // Every other row: no dense range, so the rows are looked up one by one.
  const sparse = ids.filter((_, i) => i % 2 === 0)
  const spent = await cost(scene, async () => {
    for (const [firstSequence, rowIds] of [
      [0, sparse],
      [sparse.length, ids.filter((id) => !sparse.includes(id))],
    ] as const) {
      const results = await scene.store.advance([
        { kind: 'claim', fence, topicId: 't', rowIds, openedAtOffset: -1, ...place, firstSequence },
        { kind: 'mark', fence, flight: { ...place, firstSequence }, baseOffset: firstSequence, leaderEpoch: 0 },
      ])
      assert(results.every(({ kind }) => kind === 'done'))
    }
  })
  assert(spent.fetched <= 2_000, `${spent.fetched} index entries and rows for ${ids.length} rows`)
  await holder.end()
})
