import { WaybillError } from '../../model/errors.js'
import { encodeHeaders } from '../../model/header-list.js'
import type { SealedMessage } from '../../model/message.js'
import type { OutboxStore } from '../../ports/outbox-store.js'
import type { SqlValue, Transactions } from '../../ports/transactions.js'
import type { Database } from './database.js'
import { storeFailure } from './failure.js'
import { enqueueLocks, keyHash } from './locks.js'
import { enqueueParams } from './rows.js'

/** Bounds of one statement: its payload and its rows. A message alone may be larger. */
const statementBytesMax = 8 << 20
const statementRowsMax = 2_000

const noLocks = ['{}', '{}', '{}'] as const

/** The part of the store that inserts with the caller's transaction. */
export function enqueueing(db: Database): Pick<OutboxStore, 'enqueue'> {
  return {
    async enqueue(transactions, tx, messages) {
      checkHandle(transactions, tx)
      const [first] = messages
      if (first && messages.length === 1) {
        await enqueueOne(db, transactions, tx, first)
        return
      }
      const sql = db.sql('enqueue')
      // All locks come with the first statement: ids of a later one would otherwise be drawn under locks taken out of order.
      let locks: readonly SqlValue[] = enqueueLocks(db, messages)
      try {
        for (const some of statements(messages)) {
          await transactions.execute(tx, sql, [...locks, ...enqueueParams(some)])
          locks = noLocks
        }
      } catch (error) {
        throw storeFailure(error, 'enqueue')
      }
    },
  }
}

/** Most transactions send one message: no arrays to write and to parse, and few parameters. */
async function enqueueOne<Tx>(
  db: Database,
  transactions: Transactions<Tx>,
  tx: Tx,
  message: SealedMessage,
): Promise<void> {
  const { lane, messageId, topic, key, headers, value, unordered } = message
  const hash = key === null || unordered ? null : String(keyHash(topic, key))
  const params = [String(lane), hash, messageId, topic, key, encodeHeaders(headers), value]
  try {
    await transactions.execute(tx, db.sql('enqueue-one'), params)
  } catch (error) {
    throw storeFailure(error, 'enqueue')
  }
}

/** Throws unless `tx` is an open transaction of a PostgreSQL adapter. */
export function checkHandle(transactions: Transactions<unknown>, tx: unknown): void {
  if (transactions.dialect !== 'postgres')
    throw new WaybillError('WB_OPTION_INVALID', `the postgres store cannot use ${transactions.dialect} transactions`)
  transactions.check(tx)
}

function* statements(messages: readonly SealedMessage[]): Generator<readonly SealedMessage[]> {
  let some: SealedMessage[] = []
  let bytes = 0
  for (const message of messages) {
    const size = (message.key?.length ?? 0) + (message.value?.length ?? 0)
    if (some.length > 0 && (some.length >= statementRowsMax || bytes + size > statementBytesMax)) {
      yield some
      some = []
      bytes = 0
    }
    some.push(message)
    bytes += size
  }
  if (some.length > 0) yield some
}
