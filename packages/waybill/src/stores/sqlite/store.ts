import { WaybillError } from '../../model/errors.js'
import type { SealedMessage } from '../../model/message.js'
import type { Clock } from '../../ports/clock.js'
import type { OutboxAdmin } from '../../ports/outbox-admin.js'
import type { LaneRead, OutboxStore, ReadLimit, ReadPage } from '../../ports/outbox-store.js'
import type { SqlRow, Transactions } from '../../ports/transactions.js'
import { admin } from './admin.js'
import { alerts } from './alerts.js'
import { Callers } from './callers.js'
import { checkPrefix, SqliteConnection } from './connection.js'
import { inTransaction, isSqliteHandle, numberOf, textOf } from './driver.js'
import type { SqliteHandle } from './driver.js'
import { storeFailure } from './failure.js'
import { inboxBeside } from './inbox.js'
import type { SqliteInbox } from './inbox.js'
import { leases } from './leases.js'
import { enqueueParams, waitingOf } from './rows.js'
import { schema } from './schema.js'
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
  /** The inbox in the same file: `inbox` beside `outbox`, `<prefix>_inbox` beside another prefix. Has a migration of its own. */
  readonly inbox: SqliteInbox
  readonly admin: OutboxAdmin
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
  const inbox = inboxBeside(database, options)
  return {
    dialect: 'sqlite',
    inbox,
    admin: admin(db),
    ...schema(db, { allowInMemory }),
    ...leases(db),
    ...alerts(db),
    ...enqueueing(db),
    ...rows(db),
    nowMs: () => db.read('now', () => db.now()),
    async close() {
      db.close()
      await inbox.close()
    },
  }
}

type Enqueueing = Pick<SqliteStore, 'enqueue' | 'enqueueSync' | 'changed'>

function enqueueing(db: SqliteConnection): Enqueueing {
  const callers = new Callers(db, "messages must go into the outbox's own file")
  let seen = -1
  let ownInsert = false
  const noteInsert = (tx: unknown): void => {
    if (tx === db.handle) ownInsert = true
  }
  return {
    async enqueue(transactions, tx, messages) {
      const sql = db.sql('enqueue')
      try {
        await callers.check(transactions, tx)
        noteInsert(tx)
        for (const message of messages) await transactions.execute(tx, sql, enqueueParams(message))
      } catch (error) {
        throw storeFailure(error, 'enqueue')
      }
    },
    enqueueSync(transactions, tx, messages) {
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
        callers.checkSync(transactions, tx, (text) => run(text, []))
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

type Rows = Pick<OutboxStore, 'read' | 'advance' | 'backlog' | 'purgeSent' | 'saveTopicLimits' | 'topicLimits'>

function rows(db: SqliteConnection): Rows {
  return {
    read: (lanes, limit) => db.read('read', () => readPage(db, lanes, limit)),
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

function readPage(db: SqliteConnection, lanes: readonly LaneRead[], limit: ReadLimit): ReadPage {
  const cut = new Set<number>()
  const found = lanes.flatMap(({ lane, afterId }) => {
    const sizes = db.rows('read-sizes', lane, afterId, limit.rows)
    let bytes = 0
    const over = sizes.findIndex((row, at) => (bytes += numberOf(row.bytes)) > limit.bytes && at > 0)
    const count = over < 0 ? sizes.length : over
    const last = sizes[count - 1]
    if (last === undefined) return []
    if (over >= 0 || count >= limit.rows) cut.add(lane)
    return db.rows('read', lane, afterId, numberOf(last.id)).map(waitingOf)
  })
  return { rows: found, cut }
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
