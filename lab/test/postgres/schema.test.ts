import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { postgres } from 'waybill/postgres'
import { startPostgres } from '../../src/cluster/postgres-server.js'
import type { PostgresServer } from '../../src/cluster/postgres-server.js'
import { message, outbox, rejected, Scene } from './scene.js'

const hourMs = 3_600_000

let server: PostgresServer
before(async () => {
  server = await startPostgres()
})
after(() => server.close())

test('the plan, run by hand, is what migrate would have done', async () => {
  await using scene = await Scene.open(server)
  const schema = `${scene.schema}_plan`
  const pool = new pg.Pool({ connectionString: server.url })
  const store = postgres(pool, { schema })
  const { pending } = await store.admin.plan()
  for (const { sql } of pending) await pool.query(sql)
  const shapeOf = async (of: string): Promise<unknown> =>
    scene.query(
      `SELECT c.relname, c.relkind, c.reloptions, a.attname, a.atttypid, a.attnotnull FROM pg_class c
       JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
       WHERE n.nspname = $1 ORDER BY 1, 4`,
      [of],
    )
  assert.deepEqual(await shapeOf(schema), await shapeOf(scene.schema))
  await pool.end()
})

test('four processes that migrate at once do it once', async () => {
  await using scene = await Scene.open(server)
  const schema = `${scene.schema}_once`
  const pools = Array.from({ length: 4 }, () => new pg.Pool({ connectionString: server.url }))
  const stores = pools.map((pool) => postgres(pool, { schema }))
  await Promise.all(stores.map((store) => store.migrate(outbox)))
  const [lanes] = await scene.query(`SELECT count(*)::int AS n FROM ${schema}.outbox_lane`)
  assert.equal(lanes?.n, outbox.lanes)
  for (const pool of pools) await pool.end()
})

test('a newer breaking schema stops an older binary, a newer compatible one does not', async () => {
  await using scene = await Scene.open(server)
  const set = (name: string): Promise<unknown> =>
    scene.query(
      `INSERT INTO ${scene.schema}.outbox_meta VALUES ($1, '99') ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
      [name],
    )
  await set('schema_version')
  await scene.store.open(outbox)
  await set('schema_breaking')
  for (const call of [
    () => scene.store.open(outbox),
    () => scene.store.migrate(outbox),
    () => scene.store.admin.plan(),
  ])
    await rejected(call(), 'WB_SCHEMA_NEWER')
})

test('two outboxes in one database, in other schemas or with other prefixes, do not know each other', async () => {
  await using one = await Scene.open(server)
  await using two = await Scene.open(server, { schema: one.schema, prefix: 'Second_2' })
  const [first, second] = [await one.begin(), await two.begin()]
  await first.send(message())
  await second.send(message())
  await second.end()
  await first.end()
  assert.deepEqual([(await one.read()).length, (await two.read()).length], [1, 1])
  await two.store.inbox.migrate()
  await one.store.inbox.migrate()
  await two.store.maintain?.({ dropSentOlderThanMs: 0 })
})

/** Sends `count` messages and marks them; acknowledged `agoMs` ago. */
async function markSome(scene: Scene, count: number, agoMs: number): Promise<void> {
  const tx = await scene.begin()
  await tx.send(...Array.from({ length: count }, () => message()))
  await tx.end()
  const rowIds = (await scene.read()).map(({ id }) => id)
  const [state] = await scene.store.take('relay', 1, 600_000)
  assert(state)
  const { fence } = state.lease
  const firstSequence = state.streams[0]?.nextSequence ?? 0
  const place = {
    lane: 0,
    topic: 'orders',
    partition: 0,
    incarnation: { producerId: 7, producerEpoch: 0 },
    firstSequence,
  }
  const results = await scene.store.advance([
    { kind: 'claim', fence, topicId: 't', rowIds, openedAtOffset: -1, ...place },
    { kind: 'mark', fence, flight: place, baseOffset: 0, leaderEpoch: 0 },
  ])
  assert(results.every(({ kind }) => kind === 'done'))
  await scene.store.leave('relay')
  const table = `${scene.schema}.outbox_sent`
  await scene.query(`UPDATE ${table} SET acked_at = acked_at - $1 WHERE acked_at > $2`, [agoMs, Date.now() - 60_000])
}

test('a mark needs no partition made ahead; partitions are made, and dropped when all in them is old enough', async () => {
  await using scene = await Scene.open(server)
  const counts = async (): Promise<Record<string, number>> => {
    const rows = await scene.query(
      `SELECT tableoid::regclass::text AS part, count(*)::int AS n FROM ${scene.schema}.outbox_sent GROUP BY 1`,
    )
    return Object.fromEntries(rows.map(({ part, n }) => [String(part).replace(`${scene.schema}.`, ''), Number(n)]))
  }
  const parts = async (): Promise<number> => {
    const [row] = await scene.query('SELECT count(*)::int AS n FROM pg_inherits WHERE inhparent = $1::regclass', [
      `${scene.schema}.outbox_sent`,
    ])
    return Number(row?.n)
  }
  await markSome(scene, 3, 0)
  assert.deepEqual(await counts(), { outbox_sent_default: 3 })
  await scene.store.maintain?.({})
  const made = await parts()
  assert(made >= 25, `${made} partitions`)
  assert.deepEqual(await counts(), { outbox_sent_default: 3 }, 'what is there stays there')
  await scene.query(`DELETE FROM ${scene.schema}.outbox_sent`)
  const nowMs = Date.now()
  const oldMs = Math.floor(nowMs / hourMs) * hourMs - 30 * hourMs
  for (const fromMs of [oldMs, oldMs + hourMs, oldMs + 9 * hourMs])
    await scene.query(`SELECT ${scene.schema}.outbox_sent_add($1, $2)`, [fromMs, fromMs + hourMs])
  await markSome(scene, 2, nowMs - oldMs - hourMs / 2)
  await markSome(scene, 4, nowMs - oldMs - 9.5 * hourMs)
  await markSome(scene, 5, nowMs - oldMs - 4 * hourMs)
  assert.deepEqual(
    Object.values(await counts()).sort((a, b) => a - b),
    [2, 4, 5],
  )
  await scene.peer().maintain?.({})
  assert.deepEqual(
    Object.values(await counts()).sort((a, b) => a - b),
    [2, 4, 5],
    'nothing is dropped unless asked',
  )
  await scene.peer().maintain?.({ dropSentOlderThanMs: 24 * hourMs })
  assert.deepEqual(Object.values(await counts()), [4])
  const again = await parts()
  await scene.peer().maintain?.({ dropSentOlderThanMs: 24 * hourMs })
  assert.equal(await parts(), again)
})

test('somebody who reads outbox_sent for long delays a drop, not the marks', async () => {
  await using scene = await Scene.open(server)
  const fromMs = Math.floor(Date.now() / hourMs) * hourMs - 5 * hourMs
  await scene.query(`SELECT ${scene.schema}.outbox_sent_add($1, $2)`, [fromMs, fromMs + hourMs])
  const reader = await scene.begin()
  await reader.client.query(`SELECT count(*) FROM ${scene.schema}.outbox_sent`)
  const [dropped] = await Promise.allSettled([
    scene.peer().maintain?.({ dropSentOlderThanMs: hourMs }),
    markSome(scene, 3, 0),
  ])
  assert.equal(dropped.status, 'rejected')
  await reader.end()
  await scene.peer().maintain?.({ dropSentOlderThanMs: hourMs })
  const [row] = await scene.query(
    'SELECT count(*)::int AS n FROM pg_class WHERE relname LIKE $1 AND relnamespace = $2::regnamespace',
    ['outbox_sent%', scene.schema],
  )
  assert(Number(row?.n) >= 26)
})
