import assert from 'node:assert/strict'
import type { StorePromise, StoreWorld } from './harness.js'
import { bytes, commit, Lane, message, rejects, sameRows, waiting, waitingIds } from './scene.js'

const allBytes = Uint8Array.from({ length: 256 }, (_, i) => i)

/** Which messages were inserted, in order, and how many transactions are between their insert and their commit now. */
interface Inserts {
  readonly ids: string[]
  open: number
}

/**
 * Sends `count` messages, one transaction each; uneven pauses inside make a later one ready to commit before an earlier one.
 * Noted when the insert is done, not when the commit is answered: two answers on two sockets may arrive in either order.
 */
async function sendMany(
  world: Pick<StoreWorld, 'store' | 'transactions'>,
  count: number,
  inserts: Inserts,
): Promise<void> {
  const one = async (_: unknown, index: number): Promise<void> => {
    const own = message()
    await world.transactions.run(async (tx) => {
      await world.store.enqueue(world.transactions, tx, [own])
      inserts.ids.push(own.messageId)
      assert.equal(++inserts.open, 1, 'a second transaction has drawn an id of the key before the first one committed')
      for (let pause = (index * 7) % 4; pause > 0; pause--) await new Promise((resolve) => setImmediate(resolve))
      inserts.open--
    })
  }
  await Promise.all(Array.from({ length: count }).map(one))
}

/** What enqueue promises. */
export const enqueueCases: readonly StorePromise[] = [
  {
    name: 'a committed message waits, byte for byte',
    async keep(world) {
      const whole = new Uint8Array(300).fill(9)
      whole.set(allBytes, 20)
      const sent = [
        message({ key: allBytes, value: allBytes, headers: [['h', allBytes]] }),
        message({ key: whole.subarray(20, 276), value: Buffer.from(allBytes) }),
        message({ key: null, value: null }),
        message({ key: new Uint8Array(0), value: new Uint8Array(0), headers: [['empty', new Uint8Array(0)]] }),
        message({ value: new Uint8Array(1 << 20).map((_, i) => (i * 31) & 255) }),
        message({
          topic: 'a.B_c-9',
          headers: [
            ['x', bytes('1')],
            ['ключ', bytes('2')],
            ['x', bytes('3')],
          ],
        }),
        message({ lane: 3, messageId: 'ffeeddccbbaa99887766554433221100' }),
      ]
      const rows = await commit(world, ...sent)
      sameRows(rows, sent)
      assert(
        rows.every((row, i) => Number.isSafeInteger(row.id) && row.id > (rows[i - 1]?.id ?? 0)),
        'ids rise in call order',
      )
    },
  },
  {
    name: 'a message keeps its bytes although the caller uses the buffer again',
    async keep(world) {
      const value = bytes('before')
      const { store, transactions } = world
      await transactions.run(async (tx) => {
        await store.enqueue(transactions, tx, [message({ value })])
        value.fill(0)
      })
      assert.equal(Buffer.from((await waiting(store))[0]?.value ?? []).toString(), 'before')
    },
  },
  {
    name: 'a message of a transaction that rolled back does not exist',
    async keep(world) {
      const { store, transactions } = world
      const failed = transactions.run(async (tx) => {
        await store.enqueue(transactions, tx, [message(), message({ lane: 1 })])
        throw new Error('business failed')
      })
      await assert.rejects(failed, /business failed/)
      assert.deepEqual(await waitingIds(store), [])
      assert.equal((await commit(world, message())).length, 1)
    },
  },
  {
    name: 'no other process sees a message before its transaction committed',
    async keep({ store, transactions, peer }) {
      await transactions.run(async (tx) => {
        await store.enqueue(transactions, tx, [message()])
        assert.deepEqual(await waitingIds(peer.store), [])
      })
      assert.equal((await waitingIds(peer.store)).length, 1)
    },
  },
  {
    name: 'two processes that send at once lose nothing, and ids of a key are in commit order',
    async keep(world) {
      const inserts: Inserts = { ids: [], open: 0 }
      await Promise.all([sendMany(world, 25, inserts), sendMany(world.peer, 25, inserts)])
      assert.equal(inserts.ids.length, 50)
      assert.deepEqual(
        (await waiting(world.store)).map((row) => row.messageId),
        inserts.ids,
      )
    },
  },
  {
    name: 'an id is never used again, even when its row was the last and is gone',
    async keep(world) {
      const [first] = await commit(world, message())
      assert(first)
      const lane = await Lane.take(world)
      await lane.do(lane.mark(await lane.fly([first.id]), 0))
      const [second] = await commit(world, message())
      assert(second && second.id > first.id)
      await lane.do({ kind: 'park', lane: 0, fence: lane.fence, rowId: second.id, reason: 'x' })
      const [third] = await commit(world, message())
      assert(third && third.id > second.id)
    },
  },
  {
    name: 'what is no open transaction is refused',
    async keep({ store, transactions }) {
      let finished: unknown
      await transactions.run(async (tx) => {
        finished = tx
      })
      for (const value of [finished, {}, null, undefined, 'tx'])
        await rejects(store.enqueue(transactions, value, [message()]), 'WB_NOT_IN_TRANSACTION')
      assert.deepEqual(await waitingIds(store), [])
    },
  },
  {
    name: 'a row is stamped by the database clock',
    async keep(world) {
      const before = await world.store.nowMs()
      const [row] = await commit(world, message())
      const after = await world.store.nowMs()
      assert(row && before <= row.createdAtMs && row.createdAtMs <= after, `${before} ${row?.createdAtMs} ${after}`)
    },
  },
  {
    name: 'changed() tells of a commit of another process',
    async keep({ store, peer }) {
      if (!store.changed) return
      await store.changed()
      await peer.transactions.run((tx) => peer.store.enqueue(peer.transactions, tx, [message()]))
      assert.equal(await store.changed(), true)
    },
  },
  {
    name: 'enqueueSync, where there is one, inserts the same rows as enqueue',
    async keep({ store, transactions, peer }) {
      const { enqueueSync } = store
      if (!enqueueSync || !transactions.executeSync) return
      const sent = [message({ headers: [['h', allBytes]] }), message({ key: null, value: null })]
      await transactions.run(async (tx) => enqueueSync(transactions, tx, sent))
      sameRows(await waiting(peer.store), sent)
      assert.throws(() => enqueueSync(transactions, {}, sent), { code: 'WB_NOT_IN_TRANSACTION' })
    },
  },
  {
    name: 'read gives each lane in id order above its id, and at most the limit of each',
    async keep(world) {
      const sent = Array.from({ length: 12 }, (_, i) => message({ lane: i % 3 }))
      const rows = await commit(world, ...sent)
      const idsOf = (lane: number): number[] => rows.filter((row) => row.lane === lane).map((row) => row.id)
      const afterId = idsOf(1)[0] ?? 0
      const { rows: found, cut } = await world.store.read(
        [
          { lane: 1, afterId },
          { lane: 0, afterId: 0 },
          { lane: 3, afterId: 0 },
        ],
        { rows: 2, bytes: 1e9 },
      )
      const foundIds = (lane: number): number[] => found.filter((row) => row.lane === lane).map((row) => row.id)
      assert.deepEqual(foundIds(0), idsOf(0).slice(0, 2))
      assert.deepEqual(foundIds(1), idsOf(1).slice(1, 3))
      assert.equal(found.length, 4)
      assert.deepEqual(
        [...cut].sort((a, b) => a - b),
        [0, 1],
      )
    },
  },
  {
    name: 'read stops at the limit of bytes, but never before the first row',
    async keep(world) {
      const value = Buffer.alloc(100)
      const rows = await commit(world, ...Array.from({ length: 5 }, () => message({ lane: 0, key: null, value })))
      const ids = rows.map((row) => row.id)
      for (const [bytesMax, count] of [
        [1, 1],
        [299, 2],
        [300, 3],
      ] as const) {
        const page = await world.store.read([{ lane: 0, afterId: 0 }], { rows: 100, bytes: bytesMax })
        assert.deepEqual(
          page.rows.map((row) => row.id),
          ids.slice(0, count),
        )
        assert.deepEqual([...page.cut], [0])
      }
      const whole = await world.store.read([{ lane: 0, afterId: 0 }], { rows: 100, bytes: 500 })
      assert.equal(whole.rows.length, 5)
      assert.equal(whole.cut.size, 0)
    },
  },
  {
    name: 'read passes by what the caller knows only when that is all there is',
    async keep(world) {
      const rows = await commit(world, ...Array.from({ length: 5 }, () => message({ lane: 2 })))
      const ids = rows.map((row) => row.id)
      const [first = 0, , third = 0] = ids
      const above = async (known: { toId: number; count: number }): Promise<readonly number[]> => {
        const page = await world.store.read([{ lane: 2, afterId: first, known }], { rows: 100, bytes: 1e9 })
        return page.rows.map((row) => row.id).filter((id) => id > third)
      }
      // The caller knows the second and third: whatever a store leaves out, what is above comes.
      assert.deepEqual(await above({ toId: third, count: 2 }), ids.slice(3))
      const missed = await world.store.read([{ lane: 2, afterId: first, known: { toId: third, count: 1 } }], {
        rows: 100,
        bytes: 1e9,
      })
      assert.deepEqual(
        missed.rows.map((row) => row.id),
        ids.slice(1),
      )
    },
  },
  {
    name: 'read includes rows in flights and held rows',
    async keep(world) {
      const rows = await commit(world, message(), message())
      const [first = -1, second = -1] = rows.map((row) => row.id)
      const lane = await Lane.take(world)
      const flight = await lane.fly([first])
      await lane.do(lane.release(flight, { rejected: { rowId: first, reason: 'bad' } }))
      await lane.fly([second], { incarnation: { producerId: 7, producerEpoch: 1 } })
      assert.deepEqual(await waitingIds(world.store), [first, second])
    },
  },
]
