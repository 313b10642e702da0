import assert from 'node:assert/strict'
import type { SealedMessage } from '../../model/message.js'
import type { StorePromise, StoreWorld } from './harness.js'
import {
  bytes,
  commit,
  incarnation,
  Lane,
  longMs,
  message,
  outbox,
  rejects,
  sameRows,
  topicId,
  waiting,
} from './scene.js'

const late = { cause: 'late orders', kind: 'late', detail: 'oldest row waits for 31 s' }
const nobody = 999_999_999
const operator = { who: 'ada@host', why: 'test data' }

/** Commits the messages in lane 0 and parks them; their ids. */
async function park(world: StoreWorld, ...messages: readonly SealedMessage[]): Promise<readonly number[]> {
  const rows = await commit(world, ...messages)
  const lane = await Lane.take(world)
  for (const row of rows)
    await lane.do({ kind: 'park', lane: 0, fence: lane.fence, rowId: row.id, reason: 'RECORD_TOO_BIG' })
  await world.store.release('relay', [lane.state.lease])
  return rows.map((row) => row.id)
}

/** A key in lane 0 with one definite rejection of its first row. */
async function holdFirst(world: StoreWorld, lane: Lane, first: SealedMessage, epoch: number): Promise<number> {
  const [row] = await commit(world, first)
  const rowId = row?.id ?? -1
  const flight = await lane.fly([rowId], { topic: first.topic, incarnation: incarnation(7, epoch) })
  const next = incarnation(7, epoch + 1)
  await lane.do(lane.release(flight, { next, rejected: { rowId, reason: `bad ${epoch}` } }))
  return rowId
}

/** Promises that hold before the schema is there. */
export const adminSchemaCases: readonly StorePromise[] = [
  {
    name: 'plan and shape need no tables, and migrate does what the plan says',
    async keep({ store, peer }) {
      const admin = store.admin
      assert.equal(await admin.shape(), undefined)
      const before = await admin.plan()
      assert.equal(before.version, 0)
      assert.deepEqual(
        before.pending.map((one) => one.version),
        Array.from({ length: before.target }, (_, i) => i + 1),
      )
      assert.equal(await admin.shape(), undefined, 'a plan changes nothing')
      await store.migrate(outbox)
      const after = await peer.store.admin.plan()
      assert.deepEqual(after, { version: before.target, target: before.target, pending: [] })
      assert.deepEqual({ ...(await peer.store.admin.shape()) }, outbox)
    },
  },
  {
    name: 'operators are told when the tables are missing',
    async keep({ store }) {
      const admin = store.admin
      await rejects(admin.lanes(), 'WB_SCHEMA_MISSING')
      await rejects(admin.holds(1), 'WB_SCHEMA_MISSING')
      await rejects(admin.parked({ afterId: 0, limit: 1 }), 'WB_SCHEMA_MISSING')
      await rejects(admin.alerts(1), 'WB_SCHEMA_MISSING')
      await rejects(admin.requeue([1]), 'WB_SCHEMA_MISSING')
    },
  },
]

/** What operators are told. */
export const askCases: readonly StorePromise[] = [
  {
    name: 'lanes are shown with owner, fence, time left, producer id, waiting rows and rows in flight',
    async keep(world) {
      const { store, peer, passTime } = world
      const [row] = await commit(world, message(), message({ lane: 2 }), message())
      const [first, second] = await store.take('relay', 2, longMs)
      assert(first && second)
      await store.setProducerId(first.lease, 77)
      const flight = { topic: 'orders', topicId, partition: 0, incarnation: incarnation(77), firstSequence: 0 }
      const claim = { kind: 'claim', lane: 0, fence: first.lease.fence, ...flight, openedAtOffset: -1 } as const
      await store.advance([{ ...claim, rowIds: [row?.id ?? -1] }])
      await store.release('relay', [second.lease])
      const [brief] = await store.take('brief', 1, 5)
      await passTime(10)
      const lanes = await peer.store.admin.lanes()
      assert.deepEqual(
        lanes.map((lane) => [lane.lane, lane.owner, lane.fence, lane.producerId, lane.waiting, lane.inFlight]),
        [
          [0, 'relay', first.lease.fence, 77, 2, 1],
          [1, 'brief', brief?.lease.fence, null, 0, 0],
          [2, null, 0, null, 1, 0],
          [3, null, 0, null, 0, 0],
        ],
      )
      const left = lanes.map((lane) => lane.leaseLeftMs)
      assert((left[0] ?? 0) > 0 && (left[0] ?? 0) <= longMs, `${left}`)
      assert((left[1] ?? 1) <= 0, 'an expired lease shows no time left')
      assert.deepEqual(left.slice(2), [0, 0])
    },
  },
  {
    name: 'holds are shown oldest first with what waits behind them, a message without a key alone',
    async keep(world) {
      const lane = await Lane.take(world)
      const orders = await holdFirst(world, lane, message(), 0)
      await world.passTime(2)
      const keyless = await holdFirst(world, lane, message({ topic: 'loose', key: null }), 0)
      await world.passTime(2)
      const refunds = await holdFirst(world, lane, message({ topic: 'refunds' }), 0)
      // Behind the first hold come two rows; the others differ in key, topic or lane.
      await commit(world, message(), message(), message({ key: bytes('other') }), message({ lane: 1 }))
      await commit(world, message({ topic: 'loose', key: null }))
      const holds = await world.peer.store.admin.holds(10)
      assert.deepEqual(
        holds.map((hold) => [hold.rowId, hold.topic, hold.key && Buffer.from(hold.key).toString(), hold.size]),
        [
          [orders, 'orders', 'k', 3],
          [keyless, 'loose', null, 1],
          [refunds, 'refunds', 'k', 1],
        ],
      )
      assert.deepEqual([holds[0]?.lane, holds[0]?.attempts, holds[0]?.reason], [0, 1, 'bad 0'])
      assert.deepEqual(
        (await world.store.admin.holds(2)).map((hold) => hold.rowId),
        [orders, keyless],
      )
    },
  },
  {
    name: 'parked messages are shown page by page, by topic, and byte for byte',
    async keep(world) {
      const all = bytes('\u0000ÿ\n')
      const odd = message({ key: all, value: Uint8Array.from({ length: 256 }, (_, i) => i), headers: [['h', all]] })
      const sent = [odd, message({ value: null }), message({ topic: 'refunds' }), message({ key: null })]
      const before = await world.store.nowMs()
      const ids = await park(world, ...sent)
      const admin = world.peer.store.admin
      const page = await admin.parked({ afterId: 0, limit: 3 })
      assert.deepEqual(
        page.map((row) => row.id),
        ids.slice(0, 3),
      )
      const rest = await admin.parked({ afterId: page.at(-1)?.id ?? 0, limit: 3 })
      sameRows([...page, ...rest], sent)
      assert.deepEqual(
        (await admin.parked({ afterId: 0, limit: 10, topic: 'refunds' })).map((row) => row.id),
        ids.slice(2, 3),
      )
      const one = await admin.parkedById(ids[0] ?? -1)
      assert(one)
      sameRows([one], [odd])
      assert.deepEqual([one.reason, one.attempts], ['RECORD_TOO_BIG', 0])
      assert(one.createdAtMs >= before && one.parkedAtMs >= one.createdAtMs)
      assert.equal(await admin.parkedById(nobody), undefined)
    },
  },
  {
    name: 'alerts are shown newest first, and what an operator resolves is delivered as resolved',
    async keep({ store, peer }) {
      for (const name of ['a', 'b', 'c']) await store.openAlert({ ...late, cause: name })
      await store.resolveAlert('a')
      const admin = peer.store.admin
      const [c, b] = await admin.alerts(2)
      assert.deepEqual([c?.cause, b?.cause], ['c', 'b'])
      const all = await admin.alerts(10)
      assert.deepEqual(
        all.map((alert) => [alert.cause, alert.resolvedAtMs === null]),
        [
          ['c', true],
          ['b', true],
          ['a', false],
        ],
      )
      const ids = all.map((alert) => alert.id).filter((id) => id !== c?.id)
      assert.deepEqual(await admin.resolve([...ids, nobody]), [b?.id], 'only what was open')
      assert.deepEqual(await admin.resolve(ids), [])
      assert.deepEqual(
        (await store.openAlerts()).map((alert) => alert.cause),
        ['c'],
      )
      const states: string[] = []
      for (
        let due = await store.dueAlerts('log', longMs, 9);
        due.length > 0;
        due = await store.dueAlerts('log', longMs, 9)
      )
        for (const { alert, state } of due) {
          if (alert.id === b?.id) states.push(state)
          await store.alertDelivered('log', alert.id, state)
        }
      assert.deepEqual(states, ['opened', 'resolved'])
    },
  },
]

/** What operators do. */
export const actCases: readonly StorePromise[] = [
  {
    name: 'a requeued message waits again under its message id, with a new row id, in the order of its key',
    async keep(world) {
      const sent = [message({ headers: [['h', bytes('x')]] }), message(), message({ value: null, key: null })]
      const parked = await park(world, ...sent)
      const [later] = await commit(world, message())
      const before = await world.store.nowMs()
      const admin = world.peer.store.admin
      assert.deepEqual(await admin.requeue([...parked.toReversed(), nobody, parked[0] ?? -1]), parked)
      const rows = await waiting(world.store)
      assert.equal(rows[0]?.id, later?.id)
      assert(rows.every((row, i) => i === 0 || row.id > (rows[i - 1]?.id ?? Infinity)))
      sameRows(rows.slice(1), sent)
      assert(
        rows.slice(1).every((row) => row.createdAtMs >= before),
        'ids and creation times are drawn together, and the age of the backlog relies on it',
      )
      assert.deepEqual(await admin.parked({ afterId: 0, limit: 9 }), [])
      assert.deepEqual(await admin.requeue(parked), [])
      const lane = await Lane.take(world)
      await lane.do(lane.mark(await lane.fly(rows.map((row) => row.id)), 100))
    },
  },
  {
    name: 'a requeued message comes after those of its key whose transaction is still open',
    async keep(world) {
      const [parked = -1] = await park(world, message({ value: bytes('requeued') }))
      const { store, transactions, peer } = world
      let requeued: Promise<unknown> = Promise.resolve()
      await transactions.run(async (tx) => {
        await store.enqueue(transactions, tx, [message({ value: bytes('open') })])
        requeued = peer.store.admin.requeue([parked])
        // Far enough for a requeue that does not wait.
        for (let i = 0; i < 20; i++) await store.nowMs().catch(() => undefined)
      })
      await requeued
      assert.deepEqual(
        (await waiting(store)).map((row) => Buffer.from(row.value ?? []).toString()),
        ['open', 'requeued'],
      )
    },
  },
  {
    name: 'a thousand messages of many keys are requeued at once',
    async keep(world) {
      const sent = Array.from({ length: 1000 }, (_, i) => message({ key: bytes(`k${i % 200}`) }))
      const ids = await park(world, ...sent)
      assert.equal((await world.store.admin.requeue(ids)).length, 1000)
      sameRows(await waiting(world.store), sent)
    },
  },
  {
    name: 'a discarded message leaves who, why and when, but neither value nor headers',
    async keep(world) {
      const [first = -1, second = -1] = await park(world, message({ key: bytes('secret key') }), message())
      const before = await world.store.nowMs()
      const admin = world.peer.store.admin
      const gone = await admin.parkedById(first)
      assert.deepEqual(await admin.discard([first, nobody], operator), [first])
      assert.deepEqual(
        (await world.parked()).map((row) => row.id),
        [second],
      )
      const notes = await world.discarded()
      assert.equal(notes.length, 1)
      const [note] = notes
      assert(note)
      assert.deepEqual(
        [note.id, note.messageId, note.topic, Buffer.from(note.key ?? []).toString(), note.reason, note.who, note.why],
        [first, gone?.messageId, 'orders', 'secret key', 'RECORD_TOO_BIG', operator.who, operator.why],
      )
      assert(note.discardedAtMs >= before)
      assert(!note.columns.includes('value') && !note.columns.includes('headers'), note.columns.join())
      assert.deepEqual(await admin.discard([first], operator), [])
      assert.equal((await world.discarded()).length, 1)
    },
  },
  {
    name: 'a message that two operators requeue and discard at once goes one way',
    async keep(world) {
      const ids = await park(world, ...Array.from({ length: 8 }, () => message()))
      const [mine, other] = [world.store.admin, world.peer.store.admin]
      const results = await Promise.all([
        ...ids.map((id) => mine.requeue([id])),
        ...ids.map((id) => other.requeue([id])),
        ...ids.map((id) => other.discard([id], operator)),
      ])
      assert.deepEqual(
        results.flat().sort((a, b) => a - b),
        ids,
        'each id was there for one of them',
      )
      const requeued = (await waiting(world.store)).length
      assert.equal(requeued + (await world.discarded()).length, ids.length)
      assert.deepEqual(await world.parked(), [])
    },
  },
]
