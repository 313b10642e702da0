import { WaybillError } from '../../model/errors.js'
import type { InboxEntry, InboxStore } from '../../ports/inbox-store.js'
import type { Transactions } from '../../ports/transactions.js'
import { checkEntry } from '../inbox-entry.js'
import type { MemoryDatabase } from './database.js'

/** The memory store's inbox, with a view for tests. */
export interface MemoryInbox extends InboxStore {
  readonly dialect: 'memory'
  /** Entries of all groups. */
  readonly size: number
}

/** The inbox on a memory database: for tests and simulations only. `accept` waits for an open transaction with the same key. */
export function inboxOn(db: MemoryDatabase): MemoryInbox {
  const check = (): void => {
    if (!db.state.hasInbox) throw new WaybillError('WB_SCHEMA_MISSING', 'the inbox is missing; call migrate() first')
  }
  return {
    dialect: 'memory',
    get size() {
      return db.state.inbox.size
    },
    async migrate() {
      db.state.hasInbox = true
    },
    open: async () => check(),
    async accept<Tx>(transactions: Transactions<Tx>, tx: Tx, entry: InboxEntry) {
      const adapter: Transactions<unknown> = transactions
      checkEntry(entry)
      adapter.check(tx)
      if (!db.isOpen(tx))
        throw new WaybillError(
          'WB_NOT_IN_TRANSACTION',
          'the memory store takes transactions of memoryTransactions(store)',
        )
      check()
      const { group, source, messageId, timeMs } = entry
      const key = JSON.stringify([group, source, messageId])
      return db.accept(tx, key, { group, keepFromMs: Math.max(timeMs, db.nowMs()) })
    },
    async purge(group, olderThanMs, limit) {
      const before = db.nowMs() - olderThanMs
      const old = [...db.state.inbox].filter(([, cell]) => cell.group === group && cell.keepFromMs < before)
      old.sort(([, a], [, b]) => a.keepFromMs - b.keepFromMs)
      for (const [key] of old.slice(0, limit)) db.state.inbox.delete(key)
      return Math.min(old.length, limit)
    },
    close: async () => {},
  }
}
