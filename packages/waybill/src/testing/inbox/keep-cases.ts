import assert from 'node:assert/strict'
import { rejects } from '../store/scene.js'
import type { InboxPromise } from './harness.js'
import { accept, entry, isNew } from './scene.js'

const hourMs = 3_600_000

/** Promises that hold before the schema is there; every other case starts with a migrated inbox. */
export const schemaCases: readonly InboxPromise[] = [
  {
    name: 'open and accept refuse a database without the inbox',
    async keep(world) {
      await rejects(world.inbox.open(), 'WB_SCHEMA_MISSING')
      await rejects(isNew(world, entry()), 'WB_SCHEMA_MISSING')
    },
  },
  {
    name: 'migrate is idempotent, from two processes at once too, and keeps what was accepted',
    async keep(world) {
      await Promise.all([world.inbox.migrate(), world.peer.inbox.migrate()])
      const own = entry()
      assert.equal(await isNew(world, own), true)
      await world.peer.inbox.migrate()
      await Promise.all([world.inbox.open(), world.peer.inbox.open()])
      assert.equal(await isNew(world, own), false)
    },
  },
]

/** How long entries are kept. */
export const keepCases: readonly InboxPromise[] = [
  {
    name: 'purge deletes what is old, of its group, up to the limit, and nothing younger',
    async keep(world) {
      const nowMs = await world.nowMs()
      const old = Array.from({ length: 5 }, () => entry({ timeMs: nowMs - hourMs }))
      const otherGroup = entry({ group: 'shipping', timeMs: nowMs - hourMs })
      const young = entry({ timeMs: nowMs + hourMs })
      await accept(world, ...old, otherGroup, young)
      await world.passTime(30)
      assert.equal(await world.inbox.purge('billing', 10, 3), 3)
      assert.equal(await world.peer.inbox.purge('billing', 10, 100), 2)
      assert.equal(await world.inbox.purge('billing', 10, 100), 0)
      assert.equal(await world.inbox.purge('nobody', 0, 100), 0)
      assert.deepEqual(await accept(world, young, otherGroup), [false, false])
      assert.deepEqual(
        await accept(world, ...old),
        old.map(() => true),
      )
    },
  },
  {
    name: 'an old message that was handled just now is kept: it may be delivered again',
    async keep(world) {
      const ages = [0, -1, 1_500_000_000_000]
      const entries = ages.map((timeMs) => entry({ timeMs }))
      await accept(world, ...entries)
      assert.equal(await world.inbox.purge('billing', hourMs, 100), 0)
      assert.deepEqual(
        await accept(world.peer, ...entries),
        ages.map(() => false),
      )
    },
  },
  {
    name: "close is safe twice and leaves the other process's inbox alone",
    async keep(world) {
      await world.inbox.close()
      await world.inbox.close()
      await world.peer.inbox.open()
      assert.equal(await isNew(world.peer, entry()), true)
    },
  },
]
