import type { Clock } from '../../ports/clock.js'
import type { OutboxAdmin } from '../../ports/outbox-admin.js'
import type { OutboxStore } from '../../ports/outbox-store.js'
import { admin } from './admin.js'
import { alerts } from './alerts.js'
import { checkName, Database } from './database.js'
import { driverOf } from './drivers/choose.js'
import { enqueueing } from './enqueue.js'
import { inboxBeside } from './inbox.js'
import type { PostgresInbox } from './inbox.js'
import { leases } from './leases.js'
import { maintenance } from './partitions.js'
import { arrayOf, numberOf, pageOf, textArrayOf, textOf } from './rows.js'
import { schema } from './schema.js'
import { signals } from './signals.js'
import { advance } from './steps.js'

/** Options of `postgresStore`. */
export interface PostgresStoreOptions {
  /** The schema of all tables; `waybill` by default. Created by `migrate` when it is missing. */
  readonly schema?: string
  /** First word of every table's name: `outbox`, `outbox_sent` … by default. Letters, digits, `_`; at most 40. */
  readonly prefix?: string
  /** How long a call may take, waits for locks and for a connection included. 5000 ms by default. */
  readonly timeoutMs?: number
  /** Paces the waits. */
  readonly clock: Clock
}

/** The PostgreSQL store. */
export interface PostgresStore extends OutboxStore {
  readonly dialect: 'postgres'
  /** The inbox in the same schema: `inbox` beside `outbox`, `<prefix>_inbox` beside another prefix. Has a migration of its own. */
  readonly inbox: PostgresInbox
  readonly admin: OutboxAdmin
}

/**
 * The outbox in a PostgreSQL database (13 or later). `client` is the store's own pool: a `pg.Pool`, a client of the package
 * `postgres`, or a PGlite. Refuses `synchronous_commit` off and local, `fsync` off and `full_page_writes` off
 * (WB_STORE_UNSAFE) and replicas (WB_STORE_READ_ONLY).
 */
export function postgresStore(client: unknown, options: PostgresStoreOptions): PostgresStore {
  const { schema: schemaName = 'waybill', prefix = 'outbox', timeoutMs = 5000, clock } = options
  checkName('schema', schemaName)
  checkName('prefix', prefix)
  const driver = driverOf(client)
  const db = new Database(driver, { schema: schemaName, prefix, clock, deadlineMs: timeoutMs })
  const inbox = inboxBeside(driver, { schema: schemaName, prefix, timeoutMs, clock })
  const signal = signals(db)
  return {
    dialect: 'postgres',
    inbox,
    admin: admin(db),
    ...schema(db),
    ...leases(db),
    ...alerts(db),
    ...enqueueing(db),
    ...rows(db),
    announce: signal.announce,
    listen: signal.listen,
    maintain: maintenance(db),
    async close() {
      await signal.close()
      db.close()
      await inbox.close()
    },
  }
}

/** After a page of so many rows the next is taken to be large, too: then an exact look at open senders is cheap beside it. */
const largePageRows = 500

type Rows = Pick<OutboxStore, 'read' | 'advance' | 'backlog' | 'purgeSent' | 'saveTopicLimits' | 'topicLimits'>

function rows(db: Database): Rows {
  let lastRows = 0
  return {
    async read(lanes, limit) {
      const where = [
        arrayOf(lanes.map(({ lane }) => lane)),
        arrayOf(lanes.map(({ afterId }) => afterId)),
        arrayOf(lanes.map(({ known }) => known?.toId ?? 0)),
        arrayOf(lanes.map(({ known }) => known?.count ?? 0)),
      ]
      const looks = [limit.looksAlways ?? true, lastRows >= largePageRows].map(String)
      const page = pageOf(await db.rows('read', ...where, limit.rows, limit.bytes, ...looks))
      lastRows = page.rows.length
      return page
    },
    advance: (steps) => advance(db, steps, Math.round(db.deadlineMs / 2)),
    backlog: () => backlog(db),
    purgeSent: async (olderThanMs, limit) => (await db.rows('sent-purge', olderThanMs, limit)).length,
    async saveTopicLimits(limits) {
      const bytes = arrayOf(limits.map(({ maxMessageBytes }) => maxMessageBytes))
      await db.rows('topic-save', textArrayOf(limits.map(({ topic }) => topic)), bytes)
    },
    topicLimits: async () =>
      (await db.rows('topics')).map(([topic, bytes]) => ({ topic: textOf(topic), maxMessageBytes: numberOf(bytes) })),
  }
}

/** Up to about so many waiting rows the backlog is counted; beyond, it is PostgreSQL's estimate. */
const exactRowsMax = 2_000_000

async function backlog(db: Database): Promise<Awaited<ReturnType<OutboxStore['backlog']>>> {
  const [waiting, parked, holds, oldest, now] = await db.row('backlog', exactRowsMax)
  return {
    waiting: numberOf(waiting),
    held: numberOf(holds) === 0 ? 0 : numberOf((await db.row('backlog-held'))[0]),
    parked: numberOf(parked),
    oldestMs: oldest === null ? 0 : Math.max(0, numberOf(now) - numberOf(oldest)),
  }
}
