import assert from 'node:assert/strict'
import type { StorePromise } from './harness.js'
import { commit, Lane, longMs, message, outbox, rejects, takeAll, waitingIds } from './scene.js'

/** Promises that hold before the schema is there; every other case starts with a migrated store. */
export const schemaCases: readonly StorePromise[] = [
  {
    name: 'open refuses a database without the schema',
    keep: ({ store }) => rejects(store.open(outbox), 'WB_SCHEMA_MISSING'),
  },
  {
    name: 'migrate is idempotent, from two processes at once too',
    async keep({ store, peer }) {
      await Promise.all([store.migrate(outbox), peer.store.migrate(outbox)])
      await store.migrate(outbox)
      await Promise.all([store.open(outbox), peer.store.open(outbox)])
      assert.equal((await takeAll(store, 'relay')).length, outbox.lanes)
    },
  },
  {
    name: 'another lane count or source is refused by migrate and by open',
    async keep({ store, peer }) {
      await store.migrate(outbox)
      for (const other of [store, peer.store]) {
        await rejects(other.open({ ...outbox, lanes: 8 }), 'WB_LANES_MISMATCH')
        await rejects(other.migrate({ ...outbox, lanes: 8 }), 'WB_LANES_MISMATCH')
        await rejects(other.open({ ...outbox, source: 'other' }), 'WB_SOURCE_MISMATCH')
        await rejects(other.migrate({ ...outbox, source: 'other' }), 'WB_SOURCE_MISMATCH')
      }
    },
  },
]

/** Identity, clock, shared settings. */
export const setupCases: readonly StorePromise[] = [
  {
    name: 'migrating again keeps rows, leases and producer ids',
    async keep(world) {
      const [row] = await commit(world, message())
      const lane = await Lane.take(world)
      await world.store.setProducerId(lane.state.lease, 7)
      await world.peer.store.migrate(outbox)
      assert.deepEqual(await waitingIds(world.store), [row?.id])
      assert.equal((await lane.again()).lease.producerId, 7)
    },
  },
  {
    name: 'the same identity again changes nothing',
    async keep({ store, peer }) {
      const identity = { cluster: 'c1', database: await store.databaseIdentity() }
      assert.deepEqual(await store.adoptIdentity(identity), { changed: false, before: undefined })
      const [before] = await takeAll(store, 'relay')
      assert(before)
      assert.deepEqual(await peer.store.adoptIdentity(identity), { changed: false, before: identity })
      assert.equal(await store.setProducerId(before.lease, 7), true)
    },
  },
  ...(['cluster', 'database'] as const).map((part) => ({
    name: `another ${part} resets every producer id and fences every owner off`,
    async keep({ store, peer }: Parameters<StorePromise['keep']>[0]) {
      const identity = { cluster: 'c1', database: 'd1' }
      await store.adoptIdentity(identity)
      const states = await takeAll(store, 'relay')
      for (const { lease } of states) assert(await store.setProducerId(lease, 100 + lease.lane))
      const other = { ...identity, [part]: 'other' }
      assert.deepEqual(await peer.store.adoptIdentity(other), { changed: true, before: identity })
      for (const { lease } of states) assert.equal(await store.setProducerId(lease, 1), false)
      assert.deepEqual((await store.heartbeat('relay', longMs)).leases, [])
      for (const [lane, { lease }] of (await takeAll(peer.store, 'other')).entries()) {
        assert.equal(lease.producerId, null)
        assert(lease.fence > (states[lane]?.lease.fence ?? Infinity))
      }
      assert.deepEqual(await store.adoptIdentity(other), { changed: false, before: other })
    },
  })),
  {
    name: 'both processes see one database and one clock',
    async keep({ store, peer, passTime }) {
      assert.equal(await store.databaseIdentity(), await peer.store.databaseIdentity())
      const before = await store.nowMs()
      await passTime(5)
      const after = await peer.store.nowMs()
      assert(Number.isSafeInteger(after) && after >= before + 5, `${before} then ${after}`)
    },
  },
  {
    name: 'topic limits reach the other process; a later one replaces an earlier one',
    async keep({ store, peer }) {
      await store.saveTopicLimits([
        { topic: 'a', maxMessageBytes: 1 },
        { topic: 'b', maxMessageBytes: 2 },
      ])
      await store.saveTopicLimits([{ topic: 'a', maxMessageBytes: 3 }])
      const limits = (await peer.store.topicLimits()).toSorted((x, y) => (x.topic < y.topic ? -1 : 1))
      assert.deepEqual(limits, [
        { topic: 'a', maxMessageBytes: 3 },
        { topic: 'b', maxMessageBytes: 2 },
      ])
    },
  },
  {
    name: "close is safe twice and leaves the other process's store alone",
    async keep(world) {
      await world.store.close()
      await world.store.close()
      await world.peer.store.open(outbox)
    },
  },
]
