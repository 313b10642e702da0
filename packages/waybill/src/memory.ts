/** The outbox in memory, for tests and simulations: nothing survives the process. */
export { memoryStore } from './stores/memory/store.js'
export type { MemoryStore } from './stores/memory/store.js'
export type { MemoryInbox } from './stores/memory/inbox.js'
export { memoryTransactions } from './stores/memory/transactions.js'
