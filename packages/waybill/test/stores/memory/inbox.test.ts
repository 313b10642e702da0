import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStore } from '../../../src/stores/memory/store.js'
import { memoryTransactions } from '../../../src/stores/memory/transactions.js'
import { inboxContract } from '../../../src/testing/inbox-contract.js'
import type { InboxWorld } from '../../../src/testing/inbox-contract.js'
import { entry, isNew, turns } from '../../../src/testing/inbox/scene.js'
import { message, outbox } from '../../../src/testing/store/scene.js'

async function fresh(): Promise<InboxWorld> {
  let nowMs = 1_800_000_000_000
  const store = memoryStore({ nowMs: () => nowMs })
  const other = store.peer()
  return {
    inbox: store.inbox,
    transactions: memoryTransactions(store),
    peer: { inbox: other.inbox, transactions: memoryTransactions(other) },
    nowMs: async () => nowMs,
    async passTime(ms) {
      nowMs += ms
    },
    close: () => store.close(),
  }
}

for (const { name, run } of inboxContract({ fresh })) test(name, run)

test('an entry and a message of one transaction commit or vanish together, and a restore takes both back', async () => {
  const store = memoryStore({ nowMs: () => 1000 })
  await store.migrate(outbox)
  await store.inbox.migrate()
  const transactions = memoryTransactions(store)
  const side = { inbox: store.inbox, transactions }
  const before = store.snapshot()
  const own = entry()
  const handle = (fails: boolean): Promise<void> =>
    transactions.run(async (tx) => {
      assert.equal(await store.inbox.accept(transactions, tx, own), true)
      await store.enqueue(transactions, tx, [message()])
      if (fails) throw new Error('handler failed')
    })
  await assert.rejects(handle(true), /handler failed/)
  assert.deepEqual([store.inbox.size, store.waiting().length], [0, 0])
  await handle(false)
  assert.deepEqual([store.inbox.size, store.waiting().length], [1, 1])
  store.restore(before)
  assert.deepEqual([store.inbox.size, store.waiting().length], [0, 0])
  assert.equal(await isNew(side, own), true)
})

test('a second transaction of a message waits for the first, as at a unique index', async () => {
  const store = memoryStore({ nowMs: () => 1000 })
  await store.inbox.migrate()
  const transactions = memoryTransactions(store)
  const [first, second] = [store.begin(), store.begin()]
  const own = entry()
  assert.equal(await store.inbox.accept(transactions, first, own), true)
  let answer: boolean | undefined
  const waits = store.inbox.accept(transactions, second, own).then((result) => (answer = result))
  await turns(3)
  assert.equal(answer, undefined)
  store.commit(first)
  assert.equal(await waits, false)
  store.commit(second)
})

test('transactions that take two messages in opposite order: one is told to try again', async () => {
  const store = memoryStore({ nowMs: () => 1000 })
  await store.inbox.migrate()
  const transactions = memoryTransactions(store)
  const [first, second] = [store.begin(), store.begin()]
  const [one, other] = [entry(), entry()]
  await store.inbox.accept(transactions, first, one)
  await store.inbox.accept(transactions, second, other)
  const waits = store.inbox.accept(transactions, first, other)
  await assert.rejects(store.inbox.accept(transactions, second, one), { code: 'WB_STORE_BUSY', retryable: 'yes' })
  store.rollback(second)
  assert.equal(await waits, true)
  store.commit(first)
})
