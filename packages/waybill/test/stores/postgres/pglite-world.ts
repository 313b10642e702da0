import type { PGlite } from '@electric-sql/pglite'
import { WaybillError } from '../../../src/model/errors.js'
import type { SqlRow, Transactions } from '../../../src/ports/transactions.js'
import { postgres } from '../../../src/postgres.js'
import type { PostgresInbox, PostgresOptions } from '../../../src/postgres.js'
import { glideDriver } from '../../../src/stores/postgres/drivers/pglite.js'
import type { Connection } from '../../../src/stores/postgres/driver.js'
import type { DiscardedView, ParkedView, SentView, StoreWorld } from '../../../src/testing/store-contract.js'

interface Handle {
  readonly connection: Connection
  open: boolean
}

function check(value: unknown): asserts value is Handle {
  if (typeof value === 'object' && value !== null && 'open' in value && value.open === true) return
  throw new WaybillError('WB_NOT_IN_TRANSACTION', 'not an open transaction of PGlite')
}

/** Transactions that take turns with the store on PGlite's one connection. */
export function fromPGlite(db: PGlite): Transactions<Handle> {
  const driver = glideDriver(db)
  return {
    dialect: 'postgres',
    async run(fn) {
      const tx: Handle = { connection: await driver.reserve(), open: true }
      try {
        await tx.connection.script('BEGIN')
        const result = await fn(tx)
        await tx.connection.script('COMMIT')
        return result
      } catch (error) {
        await tx.connection.script('ROLLBACK')
        throw error
      } finally {
        tx.open = false
        tx.connection.release(false)
      }
    },
    check,
    async execute(tx, sql, params) {
      check(tx)
      return (await db.query<SqlRow>(sql, [...params])).rows
    },
  }
}

let worlds = 0
/** Migrated schemas that a case has left and that were emptied: making one anew costs 0.1 s. */
const emptied: string[] = []

/** Leaves the schema as `migrate` made it. */
async function empty(db: PGlite, schema: string): Promise<void> {
  const tables = ['', '_sent', '_parked', '_discarded', '_stream', '_flight', '_hold', '_relay', '_topic', '_alert']
  const names = [...tables, '_alert_delivery'].map((table) => `${schema}.outbox${table}`)
  await db.exec(`TRUNCATE ${names.join()};
    UPDATE ${schema}.outbox_lane SET owner = NULL, fence = 0, expires_at = 0, producer_id = NULL;
    DELETE FROM ${schema}.outbox_meta WHERE name IN ('cluster', 'database');`)
}

/** A schema that an earlier case used, emptied; a new one, not migrated yet, when there is none. */
export function usedWorld(db: PGlite): StoreWorld {
  const schema = emptied.pop() ?? `used_${++worlds}`
  const world = pgliteWorld(db, { schema })
  return {
    ...world,
    async close() {
      await world.store.close()
      await empty(db, schema)
      emptied.push(schema)
    },
  }
}

/** A schema of its own in an in-memory PGlite. Both processes share its one connection. */
export function pgliteWorld(
  db: PGlite,
  options: PostgresOptions = {},
): StoreWorld & { readonly inboxes: readonly [PostgresInbox, PostgresInbox] } {
  const own = { schema: `world_${++worlds}`, ...options }
  const table = `"${own.schema}"."${own.prefix ?? 'outbox'}`
  const [store, peer] = [postgres(db, own), postgres(db, own)]
  const transactions = fromPGlite(db)
  const select = (sql: string): ReturnType<typeof db.query<Record<string, unknown>>> => db.query(sql)
  return {
    store,
    transactions,
    peer: { store: peer, transactions: fromPGlite(db) },
    inboxes: [store.inbox, peer.inbox],
    async passTime(ms) {
      const until = (await store.nowMs()) + ms
      while ((await store.nowMs()) < until) await new Promise((resolve) => setImmediate(resolve))
    },
    sent: async () => (await select(`SELECT * FROM ${table}_sent" ORDER BY id`)).rows.map(sentOf),
    parked: async () => (await select(`SELECT * FROM ${table}_parked" ORDER BY id`)).rows.map(parkedOf),
    async discarded() {
      const { rows, fields } = await select(`SELECT * FROM ${table}_discarded" ORDER BY id`)
      return rows.map((row) => ({ ...discardedOf(row), columns: fields.map(({ name }) => name) }))
    },
    async close() {
      await store.close()
      await db.exec(`DROP SCHEMA IF EXISTS "${own.schema}" CASCADE`)
    },
  }
}

type Row = Readonly<Record<string, unknown>>

const bytesOf = (value: unknown): Uint8Array | null => (value instanceof Uint8Array ? value : null)

function messageOf(row: Row): Omit<SentView, 'partition' | 'offset' | 'incarnation' | 'sequence' | 'leaderEpoch'> {
  return {
    id: Number(row.id),
    lane: Number(row.lane),
    messageId: String(row.message_id).replaceAll('-', ''),
    topic: String(row.topic),
    key: bytesOf(row.key),
    headers: [],
    value: bytesOf(row.value),
    createdAtMs: Number(row.created_at),
  }
}

function sentOf(row: Row): SentView {
  return {
    ...messageOf(row),
    partition: Number(row.partition),
    offset: Number(row.offset),
    incarnation: { producerId: Number(row.producer_id), producerEpoch: Number(row.producer_epoch) },
    sequence: Number(row.sequence),
    leaderEpoch: Number(row.leader_epoch),
  }
}

function parkedOf(row: Row): ParkedView {
  return { ...messageOf(row), reason: String(row.reason), attempts: Number(row.attempts) }
}

function discardedOf(row: Row): Omit<DiscardedView, 'columns'> {
  const { id, messageId, topic, key } = messageOf(row)
  const [reason, who, why] = [row.reason, row.who, row.why].map(String)
  const discardedAtMs = Number(row.discarded_at)
  return { id, messageId, topic, key, reason: reason ?? '', who: who ?? '', why: why ?? '', discardedAtMs }
}
