import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStore } from '../../../src/stores/memory/store.js'
import { memoryTransactions } from '../../../src/stores/memory/transactions.js'
import { bytes, message, outbox } from '../../../src/testing/store/scene.js'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function scene(): Promise<{
  store: ReturnType<typeof memoryStore>
  transactions: ReturnType<typeof memoryTransactions>
}> {
  const store = memoryStore({ nowMs: () => 1000 })
  await store.migrate(outbox)
  return { store, transactions: memoryTransactions(store) }
}

test('transactions of different keys may commit in another order than their ids, as in PostgreSQL', async () => {
  const { store, transactions } = await scene()
  const [first, second] = [store.begin(), store.begin()]
  await store.enqueue(transactions, first, [message({ key: bytes('a') })])
  await store.enqueue(transactions, second, [message({ key: bytes('b') })])
  store.commit(second)
  assert.deepEqual(
    store.waiting().map((row) => row.id),
    [2],
  )
  store.commit(first)
  assert.deepEqual(
    (await store.read([{ lane: 0, afterId: 0 }], { rows: 10, bytes: 1e9 })).rows.map((row) => row.id),
    [1, 2],
  )
})

test('a second transaction of a key draws its id only after the first has ended', async () => {
  const { store, transactions } = await scene()
  const [first, second, third] = [store.begin(), store.begin(), store.begin()]
  await store.enqueue(transactions, first, [message()])
  let inserted = false
  const waits = store.enqueue(transactions, second, [message()]).then(() => (inserted = true))
  await store.enqueue(transactions, third, [message({ key: null }), message({ topic: 'other' })])
  await turn()
  assert.equal(inserted, false)
  store.rollback(first)
  await waits
  store.commit(second)
  store.commit(third)
  assert.deepEqual(
    store.waiting().map((row) => row.id),
    [2, 3, 4],
    'id 1 was rolled back',
  )
})

test('transactions that send two keys in opposite order: one is told to try again', async () => {
  const { store, transactions } = await scene()
  const [first, second] = [store.begin(), store.begin()]
  await store.enqueue(transactions, first, [message({ key: bytes('a') })])
  await store.enqueue(transactions, second, [message({ key: bytes('b') })])
  const waits = store.enqueue(transactions, first, [message({ key: bytes('b') })])
  const closes = store.enqueue(transactions, second, [message({ key: bytes('a') })])
  await assert.rejects(closes, { code: 'WB_STORE_BUSY', retryable: 'yes' })
  store.rollback(second)
  await waits
  store.commit(first)
  assert.equal(store.waiting().length, 2)
})

test('a restore brings back every table and kills open transactions, waiting ones too', async () => {
  const { store, transactions } = await scene()
  await transactions.run((tx) => store.enqueue(transactions, tx, [message()]))
  const snapshot = store.snapshot()
  await transactions.run((tx) => store.enqueue(transactions, tx, [message()]))
  await store.take('relay', 4, 1000)
  const [open, waiting] = [store.begin(), store.begin()]
  await store.enqueue(transactions, open, [message()])
  const waits = assert.rejects(store.enqueue(transactions, waiting, [message()]), { code: 'WB_NOT_IN_TRANSACTION' })
  store.restore(snapshot, { database: 'restored' })
  await waits
  assert.throws(() => store.commit(open), { code: 'WB_NOT_IN_TRANSACTION' })
  assert.deepEqual([store.waiting().map((row) => row.id), await store.databaseIdentity()], [[1], 'restored'])
  assert.equal((await store.take('relay', 4, 1000)).length, 4)
  store.restore(snapshot)
  assert.equal((await store.heartbeat('relay', 1000)).free, 4, 'a snapshot can be used again')
})
