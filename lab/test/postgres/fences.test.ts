import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startPostgres } from '../../src/cluster/postgres-server.js'
import type { PostgresServer } from '../../src/cluster/postgres-server.js'
import { message, Scene, soon } from './scene.js'

const place = {
  lane: 0,
  topic: 'orders',
  partition: 0,
  incarnation: { producerId: 7, producerEpoch: 0 },
  firstSequence: 0,
}

let server: PostgresServer
before(async () => {
  server = await startPostgres()
})
after(() => server.close())

/** A lane whose lease is about to end, with one flight; the steps that its owner may still send late. */
async function flight(scene: Scene, leaseMs: number): Promise<{ readonly fence: number; readonly rowId: number }> {
  const tx = await scene.begin()
  await tx.send(message())
  await tx.end()
  const [row] = await scene.read()
  const [state] = await scene.store.take('old', 1, leaseMs)
  assert(row && state)
  const { fence } = state.lease
  const claim = { kind: 'claim', fence, topicId: 't', rowIds: [row.id], openedAtOffset: -1, ...place } as const
  assert.equal((await scene.store.advance([claim]))[0]?.kind, 'done')
  return { fence, rowId: row.id }
}

const markUnder = (fence: number) => ({ kind: 'mark', fence, flight: place, baseOffset: 0, leaderEpoch: 0 }) as const

async function sessionsWaiting(scene: Scene): Promise<number> {
  const [row] = await scene.query(
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%' || $1 || '%'",
    [scene.schema],
  )
  return Number(row?.n)
}

test('a lane is not taken over while a mark of its former owner is under way', async () => {
  await using scene = await Scene.open(server, { timeoutMs: 20_000 })
  const { fence, rowId } = await flight(scene, 1)
  // The mark stands still half-way: somebody holds the row.
  const holder = await scene.begin()
  await holder.client.query(`SELECT * FROM ${scene.schema}.outbox WHERE id = $1 FOR UPDATE`, [rowId])
  const marking = scene.store.advance([markUnder(fence)])
  await soon(async () => (await sessionsWaiting(scene)) === 1, 'the mark waits for the row')
  const peer = scene.peer()
  assert.deepEqual(
    (await peer.take('new', 1, 60_000)).map(({ lease }) => lease.lane),
    [1],
    'lane 0 is left for later, and nobody waits for it',
  )
  await peer.heartbeat('new', 60_000)
  await holder.end()
  assert.deepEqual(await marking, [{ kind: 'done' }])
  const [taken] = await peer.take('new', 1, 60_000)
  assert.equal(taken?.lease.lane, 0)
  assert.deepEqual(taken.flights, [])
})

for (const [what, end] of [
  ['taken over', "owner = 'new', fence = fence + 1"],
  ['given back', 'owner = NULL'],
] as const)
  test(`a mark that comes while its lane is being ${what} waits for the outcome and then does nothing`, async () => {
    await using scene = await Scene.open(server, { timeoutMs: 20_000 })
    const { fence } = await flight(scene, 60_000)
    const other = await scene.begin()
    await other.client.query(`SELECT * FROM ${scene.schema}.outbox_lane WHERE lane = 0 FOR UPDATE`)
    await other.client.query(`UPDATE ${scene.schema}.outbox_lane SET ${end} WHERE lane = 0`)
    const marking = scene.store.advance([markUnder(fence)])
    await soon(async () => (await sessionsWaiting(scene)) === 1, 'the mark waits for the lane')
    await other.end()
    assert.deepEqual(await marking, [{ kind: 'fenced' }])
    assert.equal((await scene.read()).length, 1)
  })

test('take, release, leave and a new identity all lock out a mark under way', async () => {
  await using scene = await Scene.open(server, { timeoutMs: 20_000 })
  const { fence, rowId } = await flight(scene, 600_000)
  const holder = await scene.begin()
  await holder.client.query(`SELECT * FROM ${scene.schema}.outbox WHERE id = $1 FOR UPDATE`, [rowId])
  await scene.store.adoptIdentity({ cluster: 'a', database: 'd' })
  const marking = scene.store.advance([markUnder(fence)])
  await soon(async () => (await sessionsWaiting(scene)) === 1, 'the mark waits for the row')
  const lease = { lane: 0, fence, expiresAtMs: 0, producerId: null }
  const peer = scene.peer(scene.url, { timeoutMs: 20_000 })
  const ends = [
    peer.release('old', [lease]),
    peer.leave('old'),
    peer.adoptIdentity({ cluster: 'b', database: 'd' }),
  ] as const
  await soon(async () => (await sessionsWaiting(scene)) === 4, 'all three wait for the mark')
  await holder.end()
  assert.deepEqual(await marking, [{ kind: 'done' }])
  await Promise.all(ends)
})

test('a heartbeat does not wait for a mark, and no mark for a heartbeat', async () => {
  await using scene = await Scene.open(server)
  const { fence, rowId } = await flight(scene, 600_000)
  const holder = await scene.begin()
  await holder.client.query(`SELECT * FROM ${scene.schema}.outbox WHERE id = $1 FOR UPDATE`, [rowId])
  const marking = scene.store.advance([markUnder(fence)])
  await soon(async () => (await sessionsWaiting(scene)) === 1, 'the mark waits for the row')
  assert.equal((await scene.store.heartbeat('old', 60_000)).leases.length, 1)
  const beat = await scene.begin()
  await beat.client.query(`UPDATE ${scene.schema}.outbox_lane SET expires_at = expires_at + 1`)
  await holder.end()
  assert.deepEqual(await marking, [{ kind: 'done' }])
  assert.deepEqual(await scene.store.advance([{ kind: 'hold-lift', lane: 0, fence, rowId }]), [{ kind: 'done' }])
  await beat.end()
})
