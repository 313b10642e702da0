import type { Clock } from '../../ports/clock.js'
import type { InboxEntry, InboxStore } from '../../ports/inbox-store.js'
import { postgresInboxMigrations } from '../../generated/sql.js'
import { checkEntry } from '../inbox-entry.js'
import { checkInbox, checkVersion } from '../schema-rules.js'
import { checkName, Database } from './database.js'
import type { Driver } from './driver.js'
import { driverOf } from './drivers/choose.js'
import { checkHandle } from './enqueue.js'
import { storeFailure } from './failure.js'
import { firstInboxPartitions, inboxMaintenance, inboxPartitionMs } from './inbox-partitions.js'
import { numberOf } from './rows.js'
import { applyMigrations, checkServer, checkSynchronous, readMeta, tablesOf } from './schema.js'

/** A group that keeps less than two partitions' time is purged row by row, to the millisecond. */
const wholeFromMs = 2 * inboxPartitionMs

/** Options of `postgresInboxStore`. */
export interface PostgresInboxOptions {
  /** The schema of its tables; `waybill` by default. Created by `migrate` when it is missing. */
  readonly schema?: string
  /** First word of its tables' names: `inbox` and `inbox_meta` by default. Letters, digits, `_`; at most 40. */
  readonly prefix?: string
  /** How long a call may take, waits for locks and for a connection included. 5000 ms by default. */
  readonly timeoutMs?: number
  /** Paces the waits. */
  readonly clock: Clock
}

/** The PostgreSQL inbox. */
export interface PostgresInbox extends InboxStore {
  readonly dialect: 'postgres'
}

/**
 * The inbox in a PostgreSQL database, with or without an outbox beside it. `client`: as for `postgresStore`; `migrate`,
 * `open` and `purge` run on it. `accept` runs with the caller's own transaction, whose `synchronous_commit` must not be off
 * or local (WB_STORE_UNSAFE): a crash could take back an effect whose offset is committed in Kafka already.
 *
 * Two handlers of one message: the second waits for the end of the first one's transaction and then learns whether the
 * entry is there.
 */
export function postgresInboxStore(client: unknown, options: PostgresInboxOptions): PostgresInbox {
  return inboxOn(driverOf(client), { prefix: 'inbox', ...options })
}

/** The inbox that belongs to an outbox: `inbox` beside `outbox`, `<prefix>_inbox` beside another prefix. */
export function inboxBeside(
  driver: Driver,
  options: PostgresInboxOptions & { readonly prefix: string },
): PostgresInbox {
  return inboxOn(driver, { ...options, prefix: options.prefix === 'outbox' ? 'inbox' : `${options.prefix}_inbox` })
}

function inboxOn(driver: Driver, options: PostgresInboxOptions & { readonly prefix: string }): PostgresInbox {
  const { schema = 'waybill', prefix, timeoutMs = 5000, clock } = options
  checkName('schema', schema)
  checkName('prefix', prefix)
  const db = new Database(driver, { schema, prefix, clock, deadlineMs: timeoutMs })
  const maintain = inboxMaintenance(db)
  return {
    dialect: 'postgres',
    async migrate() {
      await checkServer(db)
      await db.transaction('migrate inbox', async (tx) => {
        await applyMigrations(db, tx, postgresInboxMigrations, (meta) => checkInbox(meta, prefix))
        await tx.rows('meta-set', 'kind', 'inbox')
        await firstInboxPartitions(tx)
      })
    },
    async open() {
      await checkServer(db)
      const meta = await readMeta(db, db)
      checkVersion(meta, postgresInboxMigrations, tablesOf(db))
      checkInbox(meta, prefix)
    },
    async accept(transactions, tx, entry) {
      checkEntry(entry)
      checkHandle(transactions, tx)
      try {
        const { group, source, timeMs } = entry
        const params = [group, source, idOf(entry), timeMs]
        const [row] = await transactions.execute(tx, db.sql('inbox-accept'), params)
        checkSynchronous(String(row?.durability))
        return Number(row?.accepted) === 1
      } catch (error) {
        throw storeFailure(error, 'accept')
      }
    },
    async purge(group, olderThanMs, limit) {
      const nowMs = numberOf((await db.row('inbox-keep', group, olderThanMs))[0])
      const goesWhole = (await maintain(nowMs, olderThanMs)) && olderThanMs >= wholeFromMs
      // Where partitions go whole, the one that holds the limit is left alone: else it would be empty by the time it may go.
      const beforeMs = goesWhole ? Math.floor((nowMs - olderThanMs) / inboxPartitionMs) * inboxPartitionMs : nowMs
      return (await db.rows('inbox-purge', group, olderThanMs, beforeMs, limit)).length
    },
    close: async () => db.close(),
  }
}

/** The letter keeps an id of 32 hex digits and any other text apart. */
function idOf({ messageId }: InboxEntry): Uint8Array {
  return /^[0-9a-f]{32}$/.test(messageId) ? Buffer.from(messageId, 'hex') : Buffer.from(`t${messageId}`)
}
