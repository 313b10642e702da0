import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'libsql'
import { fromSqlite, sqlite } from '../../src/sqlite.js'
import type { SqliteHandle, SqliteOptions } from '../../src/sqlite.js'
import { bytesOf, bytesOrNull, numberOf, textOf } from '../../src/stores/sqlite/driver.js'
import { waitingOf } from '../../src/stores/sqlite/rows.js'
import type { SqlRow } from '../../src/ports/transactions.js'
import type { DiscardedView, ParkedView, SentView, StoreWorld } from '../../src/testing/store-contract.js'

/** Opens a connection with one of the drivers. */
export type Open = (file: string) => SqliteHandle & { close(): unknown }

export const openLibsql: Open = (file) => new Database(file)

/** A new folder for database files, and what removes it. */
export function folder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'waybill-sqlite-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** A file with two processes' worth of connections: for each a store's and an application's. */
export function sqliteWorld(open: Open, options: SqliteOptions = {}): StoreWorld {
  const home = folder()
  const file = join(home.path, 'shop.db')
  const connections = Array.from({ length: 5 }, () => open(file))
  const [own, application, peerOwn, peerApplication, view] = connections
  if (!own || !application || !peerOwn || !peerApplication || !view) throw new Error('five connections')
  const store = sqlite(own, options)
  const table = options.prefix ?? 'outbox'
  return {
    store,
    transactions: fromSqlite(application),
    peer: { store: sqlite(peerOwn, options), transactions: fromSqlite(peerApplication) },
    async passTime(ms) {
      const until = (await store.nowMs()) + ms
      while ((await store.nowMs()) < until) await new Promise((resolve) => setImmediate(resolve))
    },
    sent: async () => select(view, `SELECT * FROM ${table}_sent ORDER BY id`).map(sentOf),
    parked: async () => select(view, `SELECT * FROM ${table}_parked ORDER BY id`).map(parkedOf),
    discarded: async () => select(view, `SELECT * FROM ${table}_discarded ORDER BY id`).map(discardedOf),
    async close() {
      for (const connection of connections) connection.close()
      home.remove()
    },
  }
}

export function select(handle: SqliteHandle, sql: string): SqlRow[] {
  return handle.prepare(sql).all() as SqlRow[]
}

function sentOf(row: SqlRow): SentView {
  const [partition, offset, sequence, leaderEpoch] = [row.partition, row.offset, row.sequence, row.leader_epoch].map(
    numberOf,
  )
  const incarnation = { producerId: numberOf(row.producer_id), producerEpoch: numberOf(row.producer_epoch) }
  return {
    ...waitingOf(row),
    incarnation,
    ...{ partition: partition ?? -1, offset: offset ?? -1, sequence: sequence ?? -1, leaderEpoch: leaderEpoch ?? -2 },
  }
}

function parkedOf(row: SqlRow): ParkedView {
  return { ...waitingOf(row), reason: textOf(row.reason), attempts: numberOf(row.attempts) }
}

function discardedOf(row: SqlRow): DiscardedView {
  const [topic, reason, who, why] = [row.topic, row.reason, row.who, row.why].map(textOf)
  return {
    id: numberOf(row.id),
    messageId: Buffer.from(bytesOf(row.message_id)).toString('hex'),
    key: bytesOrNull(row.key),
    ...{ topic: topic ?? '', reason: reason ?? '', who: who ?? '', why: why ?? '' },
    discardedAtMs: numberOf(row.discarded_at),
    columns: Object.keys(row),
  }
}
