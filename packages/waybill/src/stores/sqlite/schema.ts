import { stat, realpath } from 'node:fs/promises'
import { WaybillError } from '../../model/errors.js'
import type { Identity, OutboxStore } from '../../ports/outbox-store.js'
import { sqliteMigrations } from '../../generated/sql.js'
import type { Migration } from '../../generated/sql.js'
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
        checkVersion(meta, sqliteMigrations, db.prefix)
        checkOwner(meta, wanted)
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

/** What the tables say of themselves; empty when there are none. */
export type Meta = ReadonlyMap<string, string>

export function readMeta(db: SqliteConnection): Meta {
  if (numberOf(db.row('meta-exists').n) === 0) return new Map()
  return new Map(db.rows('meta-all').map((row) => [textOf(row.name), textOf(row.value)]))
}

/** Version of the tables; 0 when there are none. */
export function versionOf(meta: Meta): number {
  return Number(meta.get('schema_version') ?? 0)
}

/** Applies what is missing and notes it. Inside one transaction: two processes at once do it once. */
export function applyMigrations(db: SqliteConnection, migrations: readonly Migration[], meta: Meta): void {
  for (const migration of migrations.filter((one) => one.version > versionOf(meta))) {
    db.script(migration.sql)
    db.change('meta-set', 'schema_version', String(migration.version))
    if (migration.breaking) db.change('meta-set', 'schema_breaking', String(migration.version))
  }
}

/** WB_SCHEMA_MISSING for a schema that is missing or older; a newer compatible one is fine. */
export function checkVersion(meta: Meta, migrations: readonly Migration[], prefix: string): void {
  const version = versionOf(meta)
  const needed = migrations.length
  if (version < needed)
    throw new WaybillError(
      'WB_SCHEMA_MISSING',
      `the tables "${prefix}" are ${version === 0 ? 'missing' : `at version ${version}, this waybill needs ${needed}`}: call migrate() first`,
      { facts: { version, needed } },
    )
}

/** WB_SCHEMA_NEWER for a schema with a breaking change that these migrations do not hold. */
export function refuseNewer(meta: Meta, migrations: readonly Migration[]): void {
  const breaking = Number(meta.get('schema_breaking') ?? 0)
  const known = migrations.length
  if (breaking > known)
    throw new WaybillError(
      'WB_SCHEMA_NEWER',
      `the schema has the breaking change ${breaking}, this waybill knows ${known}: update waybill in this process`,
      { facts: { breaking, known } },
    )
}

function migrate(db: SqliteConnection, wanted: Wanted): void {
  const meta = readMeta(db)
  if (meta.size > 0) checkOwner(meta, wanted)
  applyMigrations(db, sqliteMigrations, meta)
  if (meta.size > 0) return
  db.change('meta-set', 'source', wanted.source)
  db.change('meta-set', 'lanes', String(wanted.lanes))
  for (let lane = 0; lane < wanted.lanes; lane++) db.change('lane-add', lane)
}

function checkOwner(meta: Meta, wanted: Wanted): void {
  refuseNewer(meta, sqliteMigrations)
  const lanes = Number(meta.get('lanes'))
  if (lanes !== wanted.lanes)
    throw new WaybillError(
      'WB_LANES_MISMATCH',
      `this outbox has ${lanes} lanes, not ${wanted.lanes}: pass lanes: ${lanes}; changing it needs a drained outbox`,
      {
        facts: { stored: lanes, wanted: wanted.lanes },
      },
    )
  const source = meta.get('source')
  if (source !== wanted.source)
    throw new WaybillError(
      'WB_SOURCE_MISMATCH',
      `this outbox belongs to source "${source}", not "${wanted.source}": use that source or another prefix`,
      {
        facts: { stored: source, wanted: wanted.source },
      },
    )
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
  const meta = readMeta(db)
  const cluster = meta.get('cluster')
  const database = meta.get('database')
  const before = cluster === undefined || database === undefined ? undefined : { cluster, database }
  const changed = before !== undefined && (cluster !== identity.cluster || database !== identity.database)
  if (before && !changed) return { changed, before }
  db.change('meta-set', 'cluster', identity.cluster)
  db.change('meta-set', 'database', identity.database)
  if (changed) db.change('lanes-new-identity')
  return { changed, before }
}
