import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type pg from 'pg'
import { fromPg } from 'waybill/pg'
import { startPostgres } from '../../src/cluster/postgres-server.js'
import type { PostgresServer } from '../../src/cluster/postgres-server.js'
import { Scene, soon } from './scene.js'

let server: PostgresServer
before(async () => {
  server = await startPostgres()
})
after(() => server.close())

const dayMs = 86_400_000
const weekMs = 7 * dayMs
const today = Math.floor(Date.now() / dayMs) * dayMs
/** A day whose entries a week does not need any more. */
const oldDay = today - 10 * dayMs

type Entry = Parameters<Scene['store']['inbox']['accept']>[2]
let ids = 0
const entry = (timeMs: number, group = 'billing'): Entry => ({
  group,
  source: 'shop',
  messageId: (++ids).toString(16).padStart(32, '0'),
  timeMs,
})

/** An inbox with a partition of an old day, its application's transactions, and what is in it. */
async function open(): Promise<Scene> {
  const scene = await Scene.open(server)
  await scene.store.inbox.migrate()
  await scene.query(`SELECT ${scene.schema}.inbox_part_add($1, $2)`, [oldDay, oldDay + dayMs])
  return scene
}

function accept(scene: Scene, ...entries: readonly Entry[]): Promise<readonly boolean[]> {
  const transactions = fromPg(scene.application)
  return transactions.run(async (tx) => {
    const known: boolean[] = []
    for (const one of entries) known.push(await scene.store.inbox.accept(transactions, tx, one))
    return known
  })
}

/** Makes them look as if they had been handled when they were sent. */
async function age(scene: Scene, ...entries: readonly Entry[]): Promise<void> {
  for (const { messageId, timeMs } of entries)
    await scene.query(`UPDATE ${scene.schema}.inbox SET keep_from = $2 WHERE message_id = $1`, [
      Buffer.from(messageId, 'hex'),
      timeMs,
    ])
}

/** What another process purges: each looks after the partitions when it begins. */
const purge = (scene: Scene, group = 'billing', keepMs = weekMs): Promise<number> =>
  scene.peer().inbox.purge(group, keepMs, 1_000)

async function counts(scene: Scene): Promise<Record<string, number>> {
  const rows = await scene.query(
    `SELECT tableoid::regclass::text AS part, count(*)::int AS n FROM ${scene.schema}.inbox GROUP BY 1`,
  )
  return Object.fromEntries(rows.map(({ part, n }) => [nameOf(scene, part), Number(n)]))
}

async function parts(scene: Scene): Promise<readonly string[]> {
  const rows = await scene.query(
    'SELECT inhrelid::regclass::text AS part FROM pg_inherits WHERE inhparent = $1::regclass',
    [`${scene.schema}.inbox`],
  )
  return rows.map(({ part }) => nameOf(scene, part)).toSorted()
}

const nameOf = (scene: Scene, part: unknown): string => String(part).replace(`${scene.schema}.`, '')
const partOf = (timeMs: number): string => `inbox_${new Date(timeMs).toISOString().slice(0, 10).replaceAll('-', '')}`

test('an entry lies in the partition of its message; what is too old or too new lies in the default one', async () => {
  await using scene = await open()
  const times = [today, oldDay, oldDay - dayMs, today + 400 * dayMs]
  await accept(scene, ...times.map((timeMs) => entry(timeMs)))
  assert.deepEqual(await counts(scene), { [partOf(today)]: 1, [partOf(oldDay)]: 1, inbox_default: 2 })
  await purge(scene)
  const days = [-1, 0, 1, 2].map((day) => partOf(today + day * dayMs))
  assert.deepEqual(
    (await parts(scene)).filter((part) => part !== partOf(oldDay)),
    [...days, 'inbox_default'].toSorted(),
  )
})

test('a day that has entries in the default partition stays there whole, so that a message meets one key', async () => {
  await using scene = await open()
  const early = entry(today + 5 * dayMs)
  await accept(scene, early)
  const [row] = await scene.query(`SELECT ${scene.schema}.inbox_part_add($1, $2) AS made`, [
    today + 5 * dayMs,
    today + 6 * dayMs,
  ])
  assert.equal(row?.made, false)
  assert.deepEqual(await accept(scene, early, entry(today + 5 * dayMs)), [false, true])
  assert.deepEqual(await counts(scene), { inbox_default: 2 })
})

test('a partition goes whole when no group needs it, and its table goes with it', async () => {
  await using scene = await open()
  const [old, young] = [[entry(oldDay), entry(oldDay + 5)], entry(today)]
  await accept(scene, ...old, young)
  await age(scene, ...old)
  assert.equal(await purge(scene), 0, 'no row was deleted by itself')
  assert.deepEqual(await counts(scene), { [partOf(today)]: 1 })
  assert.ok(!(await parts(scene)).includes(partOf(oldDay)))
  assert.deepEqual(await accept(scene, young), [false])
})

test('an old message that was handled just now keeps its partition', async () => {
  await using scene = await open()
  const [old, again] = [entry(oldDay), entry(oldDay)]
  await accept(scene, old, again)
  await age(scene, old)
  assert.equal(await purge(scene), 1, 'row by row')
  assert.deepEqual(await accept(scene, again), [false])
})

test('a group that keeps for longer, or has said nothing, keeps the partition; the other loses its own rows only', async () => {
  for (const says of [true, false]) {
    await using scene = await open()
    const [ours, theirs] = [entry(oldDay), entry(oldDay, 'shipping')]
    await accept(scene, ours, theirs)
    await age(scene, ours, theirs)
    if (says) await purge(scene, 'shipping', 30 * dayMs)
    assert.equal(await purge(scene), 1)
    assert.deepEqual(await accept(scene, theirs), [false])
    await scene.query(`UPDATE ${scene.schema}.inbox SET keep_from = time_ms`)
    await purge(scene, 'shipping')
    assert.deepEqual(await counts(scene), {})
  }
})

test('what a group said hours ago does not count: it may need more by now', async () => {
  await using scene = await open()
  const [ours, theirs] = [entry(oldDay), entry(oldDay, 'shipping')]
  await purge(scene, 'shipping')
  await accept(scene, ours, theirs)
  await age(scene, ours, theirs)
  await scene.query(`UPDATE ${scene.schema}.inbox_group SET told_at = told_at - 11000000 WHERE group_id = 'shipping'`)
  assert.equal(await purge(scene), 1)
  assert.deepEqual(await accept(scene, theirs), [false])
})

test('an old message that is being handled while the partition is to go is known afterwards', async () => {
  await using scene = await open()
  const transactions = fromPg(scene.application)
  const waits = async (): Promise<boolean> => {
    const rows = await scene.query(
      `SELECT 1 FROM pg_locks WHERE relation = '${scene.schema}.${partOf(oldDay)}'::regclass AND NOT granted`,
    )
    return rows.length > 0
  }
  // Its transaction ends while the purge waits for the lock, or after the purge has given up.
  for (const endsMeanwhile of [true, false]) {
    const [old, handled] = [entry(oldDay), entry(oldDay)]
    await accept(scene, old)
    await age(scene, old)
    let purging: Promise<number> | undefined
    await transactions.run(async (tx: pg.PoolClient) => {
      assert.equal(await scene.store.inbox.accept(transactions, tx, handled), true)
      purging = purge(scene)
      await (endsMeanwhile ? soon(waits, 'the purge waits for the handler') : purging)
    })
    await purging
    assert.deepEqual(await accept(scene, handled), [false], String(endsMeanwhile))
  }
})

test('handlers of young messages delay the drop of an empty table, and the purge does not delay them', async () => {
  await using scene = await open()
  const old = entry(oldDay)
  await accept(scene, old)
  await age(scene, old)
  const transactions = fromPg(scene.application)
  await transactions.run(async (tx: pg.PoolClient) => {
    await scene.store.inbox.accept(transactions, tx, entry(today))
    await purge(scene)
    const beganMs = performance.now()
    assert.deepEqual(await accept(scene, entry(today)), [true])
    assert.ok(performance.now() - beganMs < 2_000)
    assert.deepEqual(await counts(scene), { [partOf(today)]: 1 }, 'emptied')
    assert.ok((await parts(scene)).includes(partOf(oldDay)), 'not dropped yet')
  })
  await purge(scene)
  assert.ok(!(await parts(scene)).includes(partOf(oldDay)))
})
