import assert from 'node:assert/strict'
import type { StorePromise } from './harness.js'
import { ascending, commit, incarnation, Lane, message, waitingIds } from './scene.js'

/** Commits `count` messages of lane 0 and returns their ids. */
export async function idsOf(world: Parameters<StorePromise['keep']>[0], count: number): Promise<readonly number[]> {
  return (await commit(world, ...Array.from({ length: count }, () => message()))).map((row) => row.id)
}

/** What claims and marks promise. */
export const flightCases: readonly StorePromise[] = [
  {
    name: 'a claim stores the flight with a stamp of the database clock and opens its stream',
    async keep(world) {
      const ids = await idsOf(world, 3)
      const lane = await Lane.take(world)
      const before = await world.store.nowMs()
      const flight = await lane.fly(ids, { openedAtOffset: 99 })
      assert(flight.stampMs >= before && flight.stampMs <= (await world.store.nowMs()))
      const { stampMs, ...rest } = flight
      assert.deepEqual(rest, {
        ...{ lane: 0, topic: 'orders', partition: 0, incarnation: incarnation(7), firstSequence: 0 },
        ...{ rowIds: ids, claimedFence: lane.fence },
      })
      const state = await lane.again()
      assert.deepEqual(state.flights, [flight])
      assert.deepEqual(
        state.streams.map(({ lastOffset, lastStampMs, nextSequence }) => [lastOffset, lastStampMs, nextSequence]),
        [[99, stampMs, 0]],
      )
      assert.deepEqual(await waitingIds(world.store), ids, 'claimed rows still wait')
    },
  },
  {
    name: 'a mark moves the rows to sent with their receipts and advances the stream',
    async keep(world) {
      const ids = await idsOf(world, 4)
      const [a = -1, b = -1, c = -1, d = -1] = ids
      const lane = await Lane.take(world)
      await lane.do(lane.mark(await lane.fly([a]), 1000))
      // Not in id order: the order of the flight is the order of the records.
      const flight = await lane.fly([c, b], { firstSequence: 1, openedAtOffset: 5 })
      await lane.do(lane.mark(flight, 2000, 8))
      const sent = await world.sent()
      assert.deepEqual(
        sent.map((row) => [row.id, row.partition, row.offset, row.sequence, row.leaderEpoch, row.incarnation]),
        [
          [a, 0, 1000, 0, 3, incarnation(7)],
          [b, 0, 2001, 2, 8, incarnation(7)],
          [c, 0, 2000, 1, 8, incarnation(7)],
        ],
      )
      assert.deepEqual(await waitingIds(world.store), [d])
      const { streams, flights } = await lane.again()
      assert.deepEqual(flights, [])
      assert.deepEqual(
        streams.map((stream) => [stream.nextSequence, stream.lastOffset, stream.lastLeaderEpoch, stream.lastStampMs]),
        [[3, 2001, 8, flight.stampMs]],
      )
    },
  },
  {
    name: 'a mark below the last offset is stored as it is: Kafka may have truncated',
    async keep(world) {
      const [a = -1, b = -1] = await idsOf(world, 2)
      const lane = await Lane.take(world)
      await lane.do(lane.mark(await lane.fly([a]), 1000))
      await lane.do(lane.mark(await lane.fly([b], { firstSequence: 1 }), 10))
      assert.equal((await lane.again()).streams[0]?.lastOffset, 10)
    },
  },
  {
    name: 'stamps of a stream strictly rise even when the clock stands still',
    async keep(world) {
      const ids = await idsOf(world, 5)
      const lane = await Lane.take(world)
      const first = await lane.fly(ids.slice(0, 1))
      // All steps of a call read the clock once, so without the rule these flights would share a stamp.
      const steps = ids.slice(1).flatMap((id, i) => {
        const open = { ...first, firstSequence: i }
        return [lane.mark(open, i * 10), lane.claim([id], { firstSequence: i + 1 })]
      })
      const stamps = [first.stampMs]
      for (const result of await world.store.advance(steps)) {
        assert(result.kind === 'done', JSON.stringify(result))
        if (result.flight) stamps.push(result.flight.stampMs)
      }
      assert.equal(stamps.length, ids.length)
      assert(
        stamps.every((stamp, i) => i === 0 || stamp > (stamps[i - 1] ?? Infinity)),
        stamps.join(),
      )
      assert.equal((await lane.again()).streams[0]?.lastStampMs, stamps.at(-1))
    },
  },
  {
    name: 'two marks of one flight move its rows once',
    async keep(world) {
      const [a = -1, b = -1] = await idsOf(world, 2)
      const lane = await Lane.take(world)
      const flight = await lane.fly([a])
      const results = await world.store.advance([lane.mark(flight, 5), lane.mark(flight, 6)])
      assert.deepEqual(
        results.map((result) => result.kind),
        ['done', 'conflict'],
      )
      assert.equal((await world.sent())[0]?.offset, 5)
      await lane.fly([b], { firstSequence: 1 })
      assert.equal((await lane.try(lane.mark(flight, 7))).kind, 'conflict', 'the next flight is another one')
      assert.equal(
        (await lane.try(lane.mark({ ...flight, firstSequence: 1, incarnation: incarnation(8) }, 7))).kind,
        'conflict',
      )
      assert.deepEqual(await waitingIds(world.store), [b])
    },
  },
  {
    name: 'sequences, offsets and producer ids beyond 32 bits are exact',
    async keep(world) {
      const ids = await idsOf(world, 2)
      const lane = await Lane.take(world)
      const big = incarnation(2 ** 52 + 1, 32_767)
      await lane.do(lane.mark(await lane.fly(ids, { incarnation: big }), 2 ** 52 + 3))
      const sent = await world.sent()
      assert.deepEqual(
        sent.map((row) => [row.offset, row.incarnation]),
        [
          [2 ** 52 + 3, big],
          [2 ** 52 + 4, big],
        ],
      )
    },
  },
  {
    name: 'a flight of 2000 rows is claimed and marked as one',
    async keep(world) {
      const ids = await idsOf(world, 2000)
      const lane = await Lane.take(world)
      await lane.do(lane.mark(await lane.fly(ids), 0))
      const sent = await world.sent()
      assert(
        sent.length === 2000 && sent.every((row, i) => row.offset === i && row.sequence === i && row.id === ids[i]),
      )
      assert.deepEqual(await waitingIds(world.store), [])
    },
  },
]

/** What a claim refuses, each without a trace. */
export const conflictCases: readonly StorePromise[] = [
  {
    name: 'a claim that does not fit the rows conflicts and leaves no trace',
    async keep(world) {
      const ids = await idsOf(world, 3)
      const [a = -1, b = -1, c = -1] = ids
      const [foreign, topic] = await commit(world, message({ lane: 1 }), message({ topic: 'other' }))
      const lane = await Lane.take(world)
      const flight = await lane.fly([b], { partition: 1 })
      const wrong = {
        'no rows': [],
        'an unknown row': [a, 999_999],
        'a row of another lane': [a, foreign?.id ?? -1],
        'a row of another topic': [a, topic?.id ?? -1],
        'a row twice': [a, c, a],
        'a row that is in another flight': [a, b],
      }
      for (const [what, rowIds] of Object.entries(wrong))
        assert.equal((await lane.try(lane.claim(rowIds))).kind, 'conflict', what)
      const state = await lane.again()
      assert.deepEqual(state.flights, [flight])
      assert.deepEqual(
        state.streams.map((stream) => stream.partition),
        [1],
      )
    },
  },
  {
    name: 'a claim that does not fit the stream conflicts and leaves no trace',
    async keep(world) {
      const [a = -1, b = -1, c = -1] = await idsOf(world, 3)
      const lane = await Lane.take(world)
      assert.equal((await lane.try(lane.claim([a], { firstSequence: 5 }))).kind, 'conflict', 'a new stream starts at 0')
      const identity = incarnation(7, 3)
      const open = await lane.fly([a], { incarnation: identity })
      assert.equal(
        (await lane.try(lane.claim([b], { incarnation: incarnation(7, 4) }))).kind,
        'conflict',
        'an open flight',
      )
      await lane.do(lane.mark(open, 0))
      const before = (await lane.again()).streams
      const wrong = {
        'a used sequence': { incarnation: identity, firstSequence: 0 },
        'a skipped sequence': { incarnation: identity, firstSequence: 2 },
        'an older epoch': { incarnation: incarnation(7, 2), firstSequence: 0 },
        'a new epoch that does not start at 0': { incarnation: incarnation(7, 4), firstSequence: 1 },
        'a new id that does not start at 0': { incarnation: incarnation(8), firstSequence: 1 },
      }
      for (const [what, over] of Object.entries(wrong))
        assert.equal((await lane.try(lane.claim([b], over))).kind, 'conflict', what)
      assert.deepEqual((await lane.again()).streams, before)
      await lane.do(lane.mark(await lane.fly([b], { incarnation: incarnation(7, 4) }), 1))
      await lane.fly([c], { incarnation: incarnation(6) })
    },
  },
  {
    name: "a new incarnation keeps the stream's last offset; a re-created topic starts anew",
    async keep(world) {
      const [a = -1, b = -1, c = -1] = await idsOf(world, 3)
      const lane = await Lane.take(world)
      await lane.do(lane.mark(await lane.fly([a]), 50))
      const second = await lane.fly([b], { incarnation: incarnation(7, 1), openedAtOffset: 5 })
      assert.equal((await lane.again()).streams[0]?.lastOffset, 50)
      await lane.do(lane.mark(second, 51))
      const other = 'f'.repeat(32)
      const third = await lane.fly([c], { incarnation: incarnation(7, 2), topicId: other, openedAtOffset: 5 })
      const [stream] = (await lane.again()).streams
      assert.deepEqual([stream?.topicId, stream?.lastOffset, stream?.lastLeaderEpoch], [other, 5, -1])
      assert(third.stampMs > second.stampMs)
    },
  },
  {
    name: 'two relays that both believe they hold a lane: only the one with the fence writes',
    async keep(world) {
      const ids = await idsOf(world, 4)
      const [a = -1, b = -1, c = -1, d = -1] = ids
      const lane = await Lane.take(world, 'old')
      const flight = await lane.fly([a])
      const rejected = await lane.fly([c], { partition: 1 })
      await lane.do(lane.release(rejected, { rejected: { rowId: c, reason: 'bad' } }))
      const late = [
        lane.mark(flight, 5),
        lane.release(flight),
        lane.claim([b], { partition: 2 }),
        { kind: 'park', lane: 0, fence: lane.fence, rowId: d, reason: 'x' } as const,
        { kind: 'hold-lift', lane: 0, fence: lane.fence, rowId: c } as const,
      ]
      await world.store.release('old', [lane.state.lease])
      const given = await world.store.advance(late)
      assert(
        given.every((result) => result.kind === 'fenced'),
        'after the lane was given back',
      )
      const [taken] = await world.peer.store.take('new', 1, 600_000)
      const results = await world.store.advance(late)
      assert(
        results.every((result) => result.kind === 'fenced'),
        'after another took it',
      )
      assert.deepEqual([taken?.flights, taken?.holds.length, taken?.streams.length], [[flight], 1, 2])
      assert.deepEqual([await world.sent(), await world.parked()], [[], []])
      assert.deepEqual(await waitingIds(world.store), ids)
    },
  },
  {
    name: 'a step that is fenced or conflicts leaves no trace while the others of its call are applied',
    async keep(world) {
      const [a = -1, b = -1, c = -1] = await idsOf(world, 3)
      const lane = await Lane.take(world)
      const results = await world.store.advance([
        lane.claim([a]),
        lane.claim([a], { partition: 1 }),
        { ...lane.claim([b], { partition: 2 }), fence: lane.fence - 1 },
        { ...lane.claim([b], { partition: 3 }), lane: 2 },
        lane.claim([c], { partition: 4 }),
      ])
      assert.deepEqual(
        results.map((result) => result.kind),
        ['done', 'conflict', 'fenced', 'fenced', 'done'],
      )
      const state = await lane.again()
      assert.deepEqual(state.flights.map((flight) => flight.partition).toSorted(ascending), [0, 4])
      assert.deepEqual(state.streams.map((stream) => stream.partition).toSorted(ascending), [0, 4])
    },
  },
]
