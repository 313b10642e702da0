import { test } from 'node:test'
import { memoryStore } from '../../src/stores/memory/store.js'
import { memoryTransactions } from '../../src/stores/memory/transactions.js'
import { storeContract } from '../../src/testing/store-contract.js'
import type { StoreWorld } from '../../src/testing/store-contract.js'

async function fresh(): Promise<StoreWorld> {
  let nowMs = 1_700_000_000_000
  const store = memoryStore({ nowMs: () => nowMs })
  const other = store.peer()
  return {
    store,
    transactions: memoryTransactions(store),
    peer: { store: other, transactions: memoryTransactions(other) },
    async passTime(ms) {
      nowMs += ms
    },
    sent: async () => store.sent().toSorted((a, b) => a.id - b.id),
    parked: async () => store.parked().toSorted((a, b) => a.id - b.id),
    discarded: async () =>
      store
        .discarded()
        .toSorted((a, b) => a.id - b.id)
        .map((row) => ({ ...row, columns: Object.keys(row) })),
    close: () => store.close(),
  }
}

for (const { name, run } of storeContract({ fresh })) test(name, run)
