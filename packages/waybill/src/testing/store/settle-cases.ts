import assert from 'node:assert/strict'
import type { StorePromise } from './harness.js'
import { bytes, commit, incarnation, Lane, message, waitingIds } from './scene.js'
import { idsOf } from './step-cases.js'

/** What releases and holds promise. */
export const releaseCases: readonly StorePromise[] = [
  {
    name: 'a release marks what was found, lets the rest wait and moves the stream to the next incarnation',
    async keep(world) {
      const [a = -1, b = -1, c = -1] = await idsOf(world, 3)
      const lane = await Lane.take(world)
      const flight = await lane.fly([a, b, c], { openedAtOffset: 9 })
      const found = [
        { rowId: c, offset: 31 },
        { rowId: a, offset: 20 },
      ]
      await lane.do(lane.release(flight, { found, next: incarnation(7, 1), lastOffset: 40 }))
      assert.deepEqual(
        (await world.sent()).map((row) => [row.id, row.offset, row.sequence, row.incarnation, row.leaderEpoch]),
        [
          [a, 20, 0, incarnation(7), -1],
          [c, 31, 2, incarnation(7), -1],
        ],
      )
      assert.deepEqual(await waitingIds(world.store), [b])
      const { flights, streams } = await lane.again()
      assert.deepEqual(flights, [])
      assert.deepEqual(
        streams.map((stream) => [stream.incarnation, stream.nextSequence, stream.lastOffset]),
        [[incarnation(7, 1), 0, 40]],
      )
      assert.equal(
        (await lane.try(lane.claim([b], { firstSequence: 3 }))).kind,
        'conflict',
        'the old incarnation is over',
      )
      await lane.fly([b], { incarnation: incarnation(7, 1) })
    },
  },
  {
    name: 'rows recognized in the topic are marked there, except those in a flight or of another topic',
    async keep(world) {
      const rows = await commit(world, message(), message(), message(), message({ topic: 'elsewhere' }), message())
      const [a = -1, b = -1, c = -1, other = -1, e = -1] = rows.map((row) => row.id)
      const lane = await Lane.take(world)
      await lane.fly([b])
      const messages = [c, a, b, other].map((id, at) => ({
        messageId: rows.find((row) => row.id === id)?.messageId ?? '',
        offset: 70 + at,
        incarnation: incarnation(5, 2),
        sequence: 3 + at,
      }))
      const { fence } = lane
      const step = { kind: 'recognize', lane: 0, fence, topic: 'orders', partition: 0, messages } as const
      const [stale] = await world.store.advance([{ ...step, fence: fence - 1 }])
      assert.deepEqual(stale, { kind: 'fenced' })
      const [result] = await world.store.advance([step])
      assert(result?.kind === 'done')
      assert.deepEqual(
        [...(result.rowIds ?? [])].sort((x, y) => x - y),
        [a, c],
      )
      assert.deepEqual(
        (await world.sent()).map((row) => [
          row.id,
          row.partition,
          row.offset,
          row.sequence,
          row.incarnation,
          row.leaderEpoch,
        ]),
        [
          [a, 0, 71, 4, incarnation(5, 2), -1],
          [c, 0, 70, 3, incarnation(5, 2), -1],
        ],
      )
      assert.deepEqual(await waitingIds(world.store), [b, other, e])
      const [again] = await world.store.advance([step])
      assert.deepEqual(again, { kind: 'done', rowIds: [] })
    },
  },
  {
    name: 'a release that does not fit its flight conflicts and leaves no trace',
    async keep(world) {
      const [a = -1, b = -1] = await idsOf(world, 2)
      const lane = await Lane.take(world)
      const flight = await lane.fly([a], { incarnation: incarnation(7, 3) })
      const next = incarnation(7, 4)
      const wrong = {
        'the same incarnation': { next: incarnation(7, 3) },
        'an older epoch': { next: incarnation(7, 2) },
        'a found row of elsewhere': { next, found: [{ rowId: b, offset: 1 }] },
        'a row found twice': {
          next,
          found: [
            { rowId: a, offset: 1 },
            { rowId: a, offset: 2 },
          ],
        },
        'a rejected row of elsewhere': { next, rejected: { rowId: b, reason: 'x' } },
        'a row both found and rejected': {
          next,
          found: [{ rowId: a, offset: 1 }],
          rejected: { rowId: a, reason: 'x' },
        },
      }
      for (const [what, over] of Object.entries(wrong))
        assert.equal((await lane.try(lane.release(flight, over))).kind, 'conflict', what)
      assert.equal((await lane.try(lane.release({ ...flight, firstSequence: 1 }, { next }))).kind, 'conflict')
      const state = await lane.again()
      assert.deepEqual([state.flights, state.holds], [[flight], []])
      assert.deepEqual(await world.sent(), [])
    },
  },
  {
    name: 'each definite rejection adds one attempt, and a mark ends the hold',
    async keep(world) {
      const [a = -1, b = -1] = await idsOf(world, 2)
      const lane = await Lane.take(world)
      for (let attempt = 1; attempt <= 3; attempt++) {
        const flight = await lane.fly([a, b], { incarnation: incarnation(7, attempt * 2) })
        const next = incarnation(7, attempt * 2 + 1)
        await lane.do(lane.release(flight, { next, rejected: { rowId: a, reason: `bad ${attempt}` } }))
        const { holds } = await lane.again()
        assert.deepEqual(
          holds.map((hold) => [hold.rowId, hold.attempts, hold.reason]),
          [[a, attempt, `bad ${attempt}`]],
        )
      }
      await lane.do(lane.mark(await lane.fly([a], { incarnation: incarnation(8) }), 0))
      assert.deepEqual((await lane.again()).holds, [])
    },
  },
  {
    name: 'a release for other reasons spends no attempt, and a found row loses its hold',
    async keep(world) {
      const [a = -1] = await idsOf(world, 1)
      const lane = await Lane.take(world)
      await lane.do(lane.release(await lane.fly([a]), { next: incarnation(7, 1) }))
      assert.deepEqual((await lane.again()).holds, [])
      const second = await lane.fly([a], { incarnation: incarnation(7, 1) })
      await lane.do(lane.release(second, { next: incarnation(7, 2), rejected: { rowId: a, reason: 'bad' } }))
      const third = await lane.fly([a], { incarnation: incarnation(7, 2) })
      await lane.do(lane.release(third, { next: incarnation(7, 3), found: [{ rowId: a, offset: 4 }], lastOffset: 4 }))
      assert.deepEqual((await lane.again()).holds, [])
      assert.deepEqual(
        (await world.sent()).map((row) => row.id),
        [a],
      )
    },
  },
  {
    name: 'hold-lift lets a row go, of its own lane only',
    async keep(world) {
      const [a = -1] = await idsOf(world, 1)
      const lane = await Lane.take(world)
      await lane.do(lane.release(await lane.fly([a]), { rejected: { rowId: a, reason: 'bad\0reason' } }))
      const [other] = await world.store.take('relay', 1, 600_000)
      assert(other)
      const { lease } = other
      await world.store.advance([{ kind: 'hold-lift', lane: lease.lane, fence: lease.fence, rowId: a }])
      await world.store.release('relay', [lease])
      assert.match((await lane.again()).holds[0]?.reason ?? '', /^bad.reason$/s)
      for (let i = 0; i < 2; i++) await lane.do({ kind: 'hold-lift', lane: 0, fence: lane.fence, rowId: a })
      assert.deepEqual((await lane.again()).holds, [])
    },
  },
]

/** What parking, the backlog and the purge promise. */
export const keepCases: readonly StorePromise[] = [
  {
    name: 'a parked row keeps its bytes, reason and attempts; its hold is over and its key goes on',
    async keep(world) {
      const value = Uint8Array.from([0, 128, 255])
      const rows = await commit(world, message({ value }), message())
      const [a = -1, b = -1] = rows.map((row) => row.id)
      const lane = await Lane.take(world)
      await lane.do(lane.release(await lane.fly([a]), { rejected: { rowId: a, reason: 'bad' } }))
      await lane.do({ kind: 'park', lane: 0, fence: lane.fence, rowId: a, reason: 'RECORD_TOO_BIG' })
      const [parked] = await world.parked()
      assert.deepEqual([parked?.id, parked?.reason, parked?.attempts], [a, 'RECORD_TOO_BIG', 1])
      assert.deepEqual([...(parked?.value ?? [])], [...value])
      assert.equal(parked?.createdAtMs, rows[0]?.createdAtMs)
      assert.deepEqual((await lane.again()).holds, [])
      assert.deepEqual(await waitingIds(world.store), [b])
      const { waiting, held, parked: count } = await world.store.backlog()
      assert.deepEqual([waiting, held, count], [1, 0, 1])
    },
  },
  {
    name: 'a row in a flight, an unknown row and a row of another lane cannot be parked',
    async keep(world) {
      const [a = -1] = await idsOf(world, 1)
      const [foreign] = await commit(world, message({ lane: 1 }))
      const lane = await Lane.take(world)
      await lane.fly([a])
      for (const rowId of [a, 999_999, foreign?.id ?? -1])
        assert.equal(
          (await lane.try({ kind: 'park', lane: 0, fence: lane.fence, rowId, reason: 'x' })).kind,
          'conflict',
        )
      assert.deepEqual(await world.parked(), [])
      assert.equal((await world.store.backlog()).waiting, 2)
    },
  },
  {
    name: 'the backlog counts flights as waiting, a held key with its later rows only, and the oldest age',
    async keep(world) {
      assert.deepEqual(await world.store.backlog(), { waiting: 0, held: 0, parked: 0, oldestMs: 0 })
      const rows = await commit(
        world,
        ...[message({ key: bytes('a') }), message({ key: bytes('a') }), message({ key: bytes('b') })],
        ...[
          message({ key: bytes('a') }),
          message({ key: bytes('a'), topic: 'other' }),
          message({ key: null }),
          message({ key: null }),
        ],
      )
      const [, second = -1, third = -1, , , sixth = -1] = rows.map((row) => row.id)
      const lane = await Lane.take(world)
      await lane.do(lane.release(await lane.fly([second]), { rejected: { rowId: second, reason: 'bad' } }))
      await lane.do(
        lane.release(await lane.fly([sixth], { partition: 1 }), { rejected: { rowId: sixth, reason: 'bad' } }),
      )
      await lane.fly([third], { partition: 2 })
      await world.passTime(20)
      const { oldestMs, ...counts } = await world.store.backlog()
      assert.deepEqual(counts, { waiting: 7, held: 3, parked: 0 })
      assert(oldestMs >= 20 && oldestMs < 60_000, `${oldestMs}`)
    },
  },
  {
    name: 'the purge deletes old sent rows up to its limit and never a waiting, flying or parked one',
    async keep(world) {
      const [a = -1, b = -1, c = -1, d = -1, e = -1] = await idsOf(world, 5)
      const lane = await Lane.take(world)
      await lane.do(lane.mark(await lane.fly([a, b]), 0))
      await lane.do({ kind: 'park', lane: 0, fence: lane.fence, rowId: e, reason: 'x' })
      await world.passTime(5)
      const betweenMs = await world.store.nowMs()
      // Far enough that c stays younger than what is purged below, also when the machine is slow.
      await world.passTime(500)
      await lane.do(lane.mark(await lane.fly([c], { firstSequence: 2 }), 2))
      await lane.fly([d], { firstSequence: 3 })
      const purge = async (limit: number): Promise<number> =>
        world.store.purgeSent((await world.store.nowMs()) - betweenMs, limit)
      assert.equal(await world.store.purgeSent(600_000, 10), 0, 'nothing is that old')
      assert.equal(await purge(1), 1)
      assert.equal(await purge(10), 1)
      assert.deepEqual(
        (await world.sent()).map((row) => row.id),
        [c],
      )
      await world.passTime(5)
      assert.equal(await world.store.purgeSent(0, 10), 1)
      assert.deepEqual(await waitingIds(world.store), [d])
      assert.deepEqual(
        (await world.parked()).map((row) => row.id),
        [e],
      )
    },
  },
]
