import { stat, realpath } from 'node:fs/promises'
import { WaybillError } from '../../model/errors.js'
import type { Identity, OutboxStore } from '../../ports/outbox-store.js'
import { sqliteMigrations } from '../../generated/sql.js'
import type { Migration } from '../../generated/sql.js'
import { checkOutbox, checkVersion, compareIdentity, pendingOf, refuseNewer } from '../schema-rules.js'
import type { Meta } from '../schema-rules.js'
import type { SqliteConnection } from './connection.js'
import { numberOf, textOf } from './driver.js'
import { checkDurable } from './durability.js'

type Schema = Pick<OutboxStore, 'migrate' | 'open' | 'databaseIdentity' | 'adoptIdentity'>
type Wanted = Parameters<OutboxStore['open']>[0]

/** The part of the store that owns the tables, the settings and the database's identity. */
export function schema(db: SqliteConnection, options: { readonly allowInMemory: boolean }): Schema {
  return {
    async migrate(wanted) {
      await db.read('prepare', () => prepare(db, options.allowInMemory))
      await db.write('migrate', () => migrate(db, wanted))
    },
    async open(wanted) {
      await db.read('prepare', () => prepare(db, options.allowInMemory))
      await db.read('open', () => {
        const meta = readMeta(db)
        checkVersion(meta, sqliteMigrations, `"${db.prefix}"`)
        checkOutbox(meta, wanted, 'prefix')
      })
    },
    databaseIdentity: () => databaseIdentity(db),
    adoptIdentity: (identity) => db.write('adopt identity', () => adoptIdentity(db, identity)),
  }
}

/** Sets up the store's own connection and checks that its commits are durable. */
export function prepare(db: SqliteConnection, allowInMemory: boolean): void {
  if (fileOf(db) === '' && !allowInMemory)
    throw new WaybillError(
      'WB_STORE_UNSAFE',
      'an in-memory SQLite database loses every message with the process; open a file, or pass allowInMemory: true in tests',
    )
  db.rows('pragma-set-busy-timeout')
  if (fileOf(db) !== '') db.rows('pragma-set-wal')
  checkDurable(db)
}

/** Path of the database file; empty for one in memory. */
export function fileOf(db: SqliteConnection): string {
  const main = db.rows('pragma-database-list').find((row) => row.name === 'main')
  return textOf(main?.file ?? '')
}

/** What the tables say of themselves. */
export function readMeta(db: SqliteConnection): Meta {
  if (numberOf(db.row('meta-exists').n) === 0) return new Map()
  return new Map(db.rows('meta-all').map((row) => [textOf(row.name), textOf(row.value)]))
}

/** Applies what is missing and notes it. Inside one transaction: two processes at once do it once. */
export function applyMigrations(db: SqliteConnection, migrations: readonly Migration[], meta: Meta): void {
  for (const migration of pendingOf(meta, migrations)) {
    db.script(migration.sql)
    db.change('meta-set', 'schema_version', String(migration.version))
    if (migration.breaking) db.change('meta-set', 'schema_breaking', String(migration.version))
  }
}

function migrate(db: SqliteConnection, wanted: Wanted): void {
  const meta = readMeta(db)
  refuseNewer(meta, sqliteMigrations)
  if (meta.size > 0) checkOutbox(meta, wanted, 'prefix')
  applyMigrations(db, sqliteMigrations, meta)
  if (meta.size > 0) return
  db.change('meta-set', 'source', wanted.source)
  db.change('meta-set', 'lanes', String(wanted.lanes))
  for (let lane = 0; lane < wanted.lanes; lane++) db.change('lane-add', lane)
}

/**
 * Path, device and inode: a restored, copied or moved file has others. A copy made over the same inode cannot be told
 * apart; neither can a snapshot of the whole machine.
 */
async function databaseIdentity(db: SqliteConnection): Promise<string> {
  const file = await db.read('database identity', () => fileOf(db))
  if (file === '') return 'sqlite :memory:'
  try {
    const path = await realpath(file)
    const { dev, ino } = await stat(path, { bigint: true })
    return `sqlite ${path} ${dev} ${ino}`
  } catch (cause) {
    throw new WaybillError('WB_STORE_FAILED', `the SQLite file ${file} cannot be found any more`, { cause })
  }
}

function adoptIdentity(db: SqliteConnection, identity: Identity): { changed: boolean; before: Identity | undefined } {
  const { changed, before } = compareIdentity(readMeta(db), identity)
  if (before && !changed) return { changed, before }
  db.change('meta-set', 'cluster', identity.cluster)
  db.change('meta-set', 'database', identity.database)
  if (changed) db.change('lanes-new-identity')
  return { changed, before }
}
