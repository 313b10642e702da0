import { WaybillError } from '../../model/errors.js'
import type { SealedMessage } from '../../model/message.js'
import type { Clock } from '../../ports/clock.js'
import type { OutboxStore } from '../../ports/outbox-store.js'
import type { SqlRow, Transactions } from '../../ports/transactions.js'
import { alerts } from './alerts.js'
import { checkPrefix, SqliteConnection } from './connection.js'
import { inTransaction, isSqliteHandle, numberOf, textOf } from './driver.js'
import type { SqliteHandle } from './driver.js'
import { checkSynchronous } from './durability.js'
import { storeFailure } from './failure.js'
import { leases } from './leases.js'
import { enqueueParams, waitingOf } from './rows.js'
import { fileOf, schema } from './schema.js'
import { applySteps } from './steps.js'

/** Options of `sqliteStore`. */
export interface SqliteStoreOptions {
  /** First word of every table's name: `outbox`, `outbox_sent` … by default. Letters, digits, `_`; at most 40. */
  readonly prefix?: string
  /** How long a call waits for a locked database before WB_STORE_BUSY. 5000 ms by default. */
  readonly busyTimeoutMs?: number
  /** Allows `:memory:`, whose messages die with the process. For tests; `false` by default. */
  readonly allowInMemory?: boolean
  /** Paces the waits for a lock. */
  readonly clock: Clock
}

/** The SQLite store: both ways of enqueueing exist. */
export interface SqliteStore extends OutboxStore {
  readonly dialect: 'sqlite'
  enqueueSync<Tx>(transactions: Transactions<Tx>, tx: Tx, messages: readonly SealedMessage[]): void
  changed(): Promise<boolean>
}

/**
 * The outbox in a SQLite file. `database` is an open connection of libsql, better-sqlite3 or node:sqlite, best one that only
 * waybill uses: the store sets its busy timeout (10 ms, see SqliteConnection) and the file's WAL mode. Refuses
 * `synchronous` below FULL and in-memory databases (WB_STORE_UNSAFE).
 */
export function sqliteStore(database: SqliteHandle, options: SqliteStoreOptions): SqliteStore {
  const { prefix = 'outbox', busyTimeoutMs = 5000, allowInMemory = false, clock } = options
  checkPrefix(prefix)
  if (!isSqliteHandle(database))
    throw new WaybillError(
      'WB_OPTION_INVALID',
      'sqlite() takes an open connection of libsql, better-sqlite3 or node:sqlite (Node 22.16 or later), e.g. sqlite(new Database("shop.db"))',
    )
  const db = new SqliteConnection(database, { prefix, clock, deadlineMs: busyTimeoutMs })
  return {
    dialect: 'sqlite',
    ...schema(db, { allowInMemory }),
    ...leases(db),
    ...alerts(db),
    ...enqueueing(db),
    ...rows(db),
    nowMs: () => db.read('now', () => db.now()),
    close: async () => db.close(),
  }
}

type Enqueueing = Pick<SqliteStore, 'enqueue' | 'enqueueSync' | 'changed'>

function enqueueing(db: SqliteConnection): Enqueueing {
  const checked = new WeakSet<object>()
  let seen = -1
  let ownInsert = false
  /** Judges the answers of two pragmas: is the caller's connection durable, and is it on our file? */
  const judge = (tx: unknown, synchronous: readonly SqlRow[], list: readonly SqlRow[]): void => {
    checkSynchronous(synchronous, "the transaction's connection")
    const file = textOf(list.find((row) => row.name === 'main')?.file ?? '')
    const ours = fileOf(db)
    if (file !== ours || (file === '' && tx !== db.handle))
      throw new WaybillError(
        'WB_OPTION_INVALID',
        `the transaction is on "${file || ':memory:'}", the outbox on "${ours || ':memory:'}": messages must go into the outbox's own file`,
      )
    if (typeof tx === 'object' && tx !== null) checked.add(tx)
  }
  const isChecked = (tx: unknown): boolean => typeof tx === 'object' && tx !== null && checked.has(tx)
  const noteInsert = (tx: unknown): void => {
    if (tx === db.handle) ownInsert = true
  }
  return {
    async enqueue(transactions, tx, messages) {
      checkHandle(transactions, tx)
      const sql = db.sql('enqueue')
      try {
        if (!isChecked(tx)) {
          const synchronous = await transactions.execute(tx, db.sql('pragma-synchronous'), [])
          judge(tx, synchronous, await transactions.execute(tx, db.sql('pragma-database-list'), []))
        }
        noteInsert(tx)
        for (const message of messages) await transactions.execute(tx, sql, enqueueParams(message))
      } catch (error) {
        throw storeFailure(error, 'enqueue')
      }
    },
    enqueueSync(transactions, tx, messages) {
      checkHandle(transactions, tx)
      const { executeSync } = transactions
      if (!executeSync)
        throw new WaybillError(
          'WB_OPTION_INVALID',
          'these transactions are not synchronous: use `await waybill.send(tx, ...)`',
        )
      const run = (sql: string, params: Parameters<typeof executeSync>[2]): readonly SqlRow[] =>
        executeSync(tx, sql, params)
      const sql = db.sql('enqueue')
      try {
        if (!isChecked(tx)) judge(tx, run(db.sql('pragma-synchronous'), []), run(db.sql('pragma-database-list'), []))
        noteInsert(tx)
        for (const message of messages) run(sql, enqueueParams(message))
      } catch (error) {
        throw storeFailure(error, 'enqueue')
      }
    },
    async changed() {
      // data_version only tells of other connections' commits, so a transaction on our own is noted when it inserts. While it
      // is open nothing can be told.
      if (inTransaction(db.handle)) return true
      const before = seen
      seen = await db.read('changed', () => numberOf(db.row('pragma-data-version').data_version))
      const changed = before !== seen || ownInsert
      ownInsert = false
      return changed
    },
  }
}

/** Throws unless `tx` is an open transaction of a SQLite adapter. */
function checkHandle(transactions: Transactions<unknown>, tx: unknown): void {
  if (transactions.dialect !== 'sqlite')
    throw new WaybillError('WB_OPTION_INVALID', `the sqlite store cannot use ${transactions.dialect} transactions`)
  transactions.check(tx)
}

type Rows = Pick<OutboxStore, 'read' | 'advance' | 'backlog' | 'purgeSent' | 'saveTopicLimits' | 'topicLimits'>

function rows(db: SqliteConnection): Rows {
  return {
    read: (lanes, limit) =>
      db.read('read', () => lanes.flatMap(({ lane, afterId }) => db.rows('read', lane, afterId, limit).map(waitingOf))),
    advance: (steps) => db.write('advance', (nowMs) => applySteps(db, steps, nowMs)),
    backlog: () => db.read('backlog', () => backlog(db)),
    purgeSent: (olderThanMs, limit) =>
      db.write('purge', (nowMs) => db.change('sent-purge', nowMs - olderThanMs, limit)),
    saveTopicLimits: (limits) =>
      db.write('save topic limits', () => {
        for (const { topic, maxMessageBytes } of limits) db.change('topic-save', topic, maxMessageBytes)
      }),
    topicLimits: () =>
      db.read('topic limits', () =>
        db
          .rows('topics')
          .map((row) => ({ topic: textOf(row.topic), maxMessageBytes: numberOf(row.max_message_bytes) })),
      ),
  }
}

function backlog(db: SqliteConnection): Awaited<ReturnType<OutboxStore['backlog']>> {
  const row = db.row('backlog')
  return {
    waiting: numberOf(row.waiting),
    held: numberOf(row.holds) === 0 ? 0 : numberOf(db.row('backlog-held').n),
    parked: numberOf(row.parked),
    oldestMs: row.oldest === null ? 0 : Math.max(0, db.now() - numberOf(row.oldest)),
  }
}
