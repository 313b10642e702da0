import { WaybillError } from '../../model/errors.js'
import type { Transactions } from '../../ports/transactions.js'
import type { MemoryTransaction } from './database.js'
import type { MemoryStore } from './store.js'

/** Transactions of a memory store: for tests and simulations. Not durable, so there is no SQL to run in them. */
export function memoryTransactions(store: MemoryStore): Transactions<MemoryTransaction> {
  return {
    dialect: 'memory',
    async run(fn) {
      const tx = store.begin()
      let result
      try {
        result = await fn(tx)
      } catch (error) {
        // A simulated restore may have ended it already.
        if (store.isOpen(tx)) store.rollback(tx)
        throw error
      }
      store.commit(tx)
      return result
    },
    check(value): asserts value is MemoryTransaction {
      if (!store.isOpen(value))
        throw new WaybillError(
          'WB_NOT_IN_TRANSACTION',
          'this is no open transaction of the memory store; use the `tx` of waybill.transaction(async (tx) => ...)',
        )
    },
    async execute() {
      throw new WaybillError(
        'WB_OPTION_INVALID',
        'the memory store has no SQL; use the sqlite store for statements of your own',
      )
    },
  }
}
