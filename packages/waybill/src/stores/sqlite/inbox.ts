import { WaybillError } from '../../model/errors.js'
import type { Clock } from '../../ports/clock.js'
import type { InboxEntry, InboxStore } from '../../ports/inbox-store.js'
import { sqliteInboxMigrations } from '../../generated/sql.js'
import { checkEntry } from '../inbox-entry.js'
import { checkInbox, checkVersion, refuseNewer } from '../schema-rules.js'
import { Callers } from './callers.js'
import { checkPrefix, SqliteConnection } from './connection.js'
import { isSqliteHandle } from './driver.js'
import type { SqliteHandle } from './driver.js'
import { storeFailure } from './failure.js'
import { applyMigrations, prepare, readMeta } from './schema.js'

/** Options of `sqliteInboxStore`. */
export interface SqliteInboxOptions {
  /** First word of its tables' names: `inbox` and `inbox_meta` by default. Letters, digits, `_`; at most 40. */
  readonly prefix?: string
  /** How long `migrate`, `open` and `purge` wait for a locked database before WB_STORE_BUSY. 5000 ms by default. */
  readonly busyTimeoutMs?: number
  /** Allows `:memory:`, whose entries die with the process. For tests; `false` by default. */
  readonly allowInMemory?: boolean
  /** Paces the waits for a lock. */
  readonly clock: Clock
}

/** The SQLite inbox. */
export interface SqliteInbox extends InboxStore {
  readonly dialect: 'sqlite'
}

/**
 * The inbox in a SQLite file, with or without an outbox beside it. `database` is an open connection, best one that only
 * waybill uses (it may be the outbox's): `migrate`, `open` and `purge` run on it. `accept` runs on the caller's own
 * connection, which must be on the same file with `synchronous` FULL: with NORMAL a power loss could take back an effect
 * whose offset is committed in Kafka already.
 *
 * SQLite has one writer, so of two handlers of one message the second waits in BEGIN IMMEDIATE and then finds the entry.
 * A transaction begun with plain BEGIN may fail instead (WB_STORE_BUSY) and is to be tried again as a whole; with libsql
 * 0.5.29 only on a new connection: after SQLITE_BUSY_SNAPSHOT the failed statement stays open past the ROLLBACK, and every
 * later BEGIN IMMEDIATE of that connection fails. So begin with BEGIN IMMEDIATE, as `fromSqlite` does.
 */
export function sqliteInboxStore(database: SqliteHandle, options: SqliteInboxOptions): SqliteInbox {
  const { prefix = 'inbox' } = options
  checkPrefix(prefix)
  if (!isSqliteHandle(database))
    throw new WaybillError(
      'WB_OPTION_INVALID',
      'sqliteInbox() takes an open connection of libsql, better-sqlite3 or node:sqlite (Node 22.16 or later), e.g. sqliteInbox(new Database("board.db"))',
    )
  return inboxOn(database, { ...options, prefix })
}

/** The inbox that belongs to an outbox: `inbox` beside `outbox`, `<prefix>_inbox` beside another prefix. */
export function inboxBeside(database: SqliteHandle, options: SqliteInboxOptions): SqliteInbox {
  const { prefix = 'outbox' } = options
  return inboxOn(database, { ...options, prefix: prefix === 'outbox' ? 'inbox' : `${prefix}_inbox` })
}

function inboxOn(database: SqliteHandle, options: SqliteInboxOptions & { readonly prefix: string }): SqliteInbox {
  const { prefix, busyTimeoutMs = 5000, allowInMemory = false, clock } = options
  const db = new SqliteConnection(database, { prefix, clock, deadlineMs: busyTimeoutMs })
  const callers = new Callers(db, 'a message must be remembered where its effects are')
  return {
    dialect: 'sqlite',
    async migrate() {
      await db.read('prepare', () => prepare(db, allowInMemory))
      await db.write('migrate inbox', () => {
        const meta = readMeta(db)
        refuseNewer(meta, sqliteInboxMigrations)
        checkInbox(meta, prefix)
        applyMigrations(db, sqliteInboxMigrations, meta)
        db.change('meta-set', 'kind', 'inbox')
      })
    },
    async open() {
      await db.read('prepare', () => prepare(db, allowInMemory))
      await db.read('open inbox', () => {
        const meta = readMeta(db)
        checkVersion(meta, sqliteInboxMigrations, `"${prefix}"`)
        checkInbox(meta, prefix)
      })
    },
    async accept(transactions, tx, entry) {
      checkEntry(entry)
      try {
        await callers.check(transactions, tx)
        const rows = await transactions.execute(tx, db.sql('inbox-accept'), [...idOf(entry), entry.timeMs])
        return rows.length === 1
      } catch (error) {
        throw storeFailure(error, 'accept')
      }
    },
    purge: (group, olderThanMs, limit) =>
      db.write('purge inbox', (nowMs) => db.change('inbox-purge', group, nowMs - olderThanMs, limit)),
    close: async () => db.close(),
  }
}

/** A blob never equals a text, so an id of 32 hex digits and any other text are different rows. */
function idOf({ group, source, messageId }: InboxEntry): readonly (string | Uint8Array)[] {
  return [group, source, /^[0-9a-f]{32}$/.test(messageId) ? Buffer.from(messageId, 'hex') : messageId]
}
