import assert from 'node:assert/strict'
import type { StorePromise } from './harness.js'
import { ascending, bytes, commit, incarnation, Lane, longMs, message, outbox, sameRows, takeAll } from './scene.js'

const shortMs = 30

/** What leases promise. */
export const leaseCases: readonly StorePromise[] = [
  {
    name: 'lanes taken by two relays at once go to one each',
    async keep({ store, peer }) {
      for (let round = 0; round < 10; round++) {
        const taken = await Promise.all([store.take('a', 3, longMs), peer.store.take('b', 3, longMs)])
        const lanes = taken.flat().map((state) => state.lease.lane)
        assert.deepEqual(lanes.toSorted(ascending), [0, 1, 2, 3], 'each lane exactly once')
        await Promise.all([store.leave('a'), peer.store.leave('b')])
      }
    },
  },
  {
    name: 'a held lane cannot be taken, a released one at once, each time with a higher fence',
    async keep({ store, peer }) {
      const [first] = await takeAll(store, 'a')
      assert(first)
      assert.deepEqual(await peer.store.take('b', 4, longMs), [])
      await store.release('a', [first.lease])
      const [second] = await peer.store.take('b', 4, longMs)
      assert(second && second.lease.lane === 0 && second.lease.fence > first.lease.fence)
    },
  },
  {
    name: 'take takes at most the count asked for',
    async keep({ store }) {
      assert.deepEqual(await store.take('a', 0, longMs), [])
      assert.equal((await store.take('a', 3, longMs)).length, 3)
      assert.equal((await store.take('a', 3, longMs)).length, 1)
    },
  },
  {
    name: 'giving back under an old fence leaves the new owner its lane',
    async keep({ store, peer }) {
      const [old] = await takeAll(store, 'a')
      assert(old)
      await store.release('a', [old.lease])
      await peer.store.take('b', 1, longMs)
      await store.release('a', [old.lease])
      await store.release('b', [old.lease])
      assert.deepEqual(await store.take('c', 4, longMs), [])
    },
  },
  {
    name: 'an expired lease is free, not renewed, and its former owner learns it from the heartbeat',
    async keep({ store, peer, passTime }) {
      await takeAll(store, 'a', shortMs)
      await passTime(shortMs + 1)
      const beat = await store.heartbeat('a', longMs)
      assert.deepEqual([beat.leases, beat.free], [[], outbox.lanes])
      assert.equal((await takeAll(peer.store, 'b')).length, outbox.lanes)
      assert.deepEqual((await store.heartbeat('a', longMs)).leases, [])
    },
  },
  {
    name: 'a heartbeat renews what is ours and nothing else',
    async keep({ store, peer, passTime }) {
      await store.take('a', 2, longMs)
      await peer.store.take('b', 1, longMs)
      const beat = await store.heartbeat('a', longMs * 2)
      assert.deepEqual(beat.leases.map((lease) => lease.lane).toSorted(ascending), [0, 1])
      assert(beat.leases.every((lease) => lease.expiresAtMs === beat.nowMs + longMs * 2))
      assert.equal(beat.free, 1)
      await passTime(5)
      const later = await store.heartbeat('a', longMs * 2)
      assert(
        later.nowMs >= beat.nowMs + 5 && later.leases.every((lease) => lease.expiresAtMs > beat.nowMs + longMs * 2),
      )
    },
  },
  {
    name: 'relays alive are counted until they leave or stop beating',
    async keep({ store, peer, passTime }) {
      assert.equal((await store.heartbeat('a', longMs)).relays, 1)
      assert.equal((await peer.store.heartbeat('b', longMs)).relays, 2)
      assert.equal((await peer.store.heartbeat('c', shortMs)).relays, 3)
      await passTime(shortMs + 1)
      assert.equal((await store.heartbeat('a', longMs)).relays, 2)
      await peer.store.leave('b')
      assert.equal((await store.heartbeat('a', longMs)).relays, 1)
    },
  },
  {
    name: "a stopped relay's lanes are free at once",
    async keep({ store, peer }) {
      await takeAll(store, 'a')
      await store.leave('a')
      await store.leave('a')
      assert.equal((await peer.store.heartbeat('b', longMs)).free, outbox.lanes)
      assert.equal((await takeAll(peer.store, 'b')).length, outbox.lanes)
    },
  },
  {
    name: 'a producer id is set under the fence only, and stays with the lane',
    async keep(world) {
      const lane = await Lane.take(world)
      const old = lane.state.lease
      assert.equal(old.producerId, null)
      assert.equal(await world.store.setProducerId(old, 9_007_199_254_740_991), true)
      assert.equal((await world.store.heartbeat('relay', longMs)).leases[0]?.producerId, 9_007_199_254_740_991)
      assert.equal((await lane.again('relay')).lease.producerId, 9_007_199_254_740_991)
      assert.equal(await world.store.setProducerId(old, 8), false)
      assert.equal((await lane.again('relay')).lease.producerId, 9_007_199_254_740_991)
    },
  },
  {
    name: 'a new owner is told everything: streams, flights with their rows byte for byte, holds',
    async keep(world) {
      const key = Uint8Array.from([0, 255, 128])
      const sent = [
        message({ key, headers: [['h', key]] }),
        message(),
        message({ topic: 'other' }),
        message({ lane: 1 }),
      ]
      const [first, second, third] = await commit(world, ...sent)
      assert(first && second && third)
      const lane = await Lane.take(world)
      const rejected = await lane.fly([first.id], { openedAtOffset: 41 })
      await lane.do(lane.release(rejected, { lastOffset: 41, rejected: { rowId: first.id, reason: 'RECORD_TOO_BIG' } }))
      const flight = await lane.fly([second.id, first.id], { incarnation: incarnation(7, 1) })
      const other = await lane.fly([third.id], { topic: 'other', partition: 5, incarnation: incarnation(8) })
      const state = await lane.again()
      assert.deepEqual(
        state.flights.toSorted((a, b) => a.partition - b.partition),
        [flight, other],
      )
      const rows = state.flightRows.toSorted((a, b) => a.id - b.id)
      sameRows(rows, sent.slice(0, 3))
      assert.deepEqual(
        rows.map((row) => row.createdAtMs),
        [first, second, third].map((row) => row.createdAtMs),
      )
      const [stream] = state.streams.filter(({ topic }) => topic === 'orders')
      const { lastStampMs, ...rest } = stream ?? {}
      assert.equal(lastStampMs, flight.stampMs)
      assert.deepEqual(rest, {
        ...{ lane: 0, topic: 'orders', partition: 0, topicId: '0123456789abcdef0123456789abcdef' },
        ...{ incarnation: incarnation(7, 1), nextSequence: 0, lastOffset: 41, lastLeaderEpoch: -1 },
      })
      const [hold] = state.holds
      assert(hold?.key && state.holds.length === 1)
      assert.deepEqual(
        [hold.lane, hold.topic, hold.rowId, hold.attempts, hold.reason],
        [0, 'orders', first.id, 1, 'RECORD_TOO_BIG'],
      )
      assert.deepEqual([...hold.key], [...key])
      assert(hold.sinceMs >= first.createdAtMs)
    },
  },
  {
    name: 'a lane tells nothing about another lane',
    async keep(world) {
      const [row] = await commit(world, message({ lane: 1, key: bytes('x') }))
      const states = await takeAll(world.store, 'relay')
      const fence = states[1]?.lease.fence ?? -1
      const step = { kind: 'claim', lane: 1, fence, topic: 'orders', topicId: 't', partition: 1 } as const
      await world.store.advance([
        { ...step, incarnation: incarnation(7), firstSequence: 0, rowIds: [row?.id ?? -1], openedAtOffset: -1 },
      ])
      await world.store.leave('relay')
      const again = await takeAll(world.store, 'relay')
      assert.deepEqual(
        again.map((state) => [state.streams.length, state.flights.length, state.flightRows.length]),
        [
          ...[
            [0, 0, 0],
            [1, 1, 1],
            [0, 0, 0],
            [0, 0, 0],
          ],
        ],
      )
    },
  },
]
