import { stat, realpath } from 'node:fs/promises'
import { WaybillError } from '../../model/errors.js'
import type { Identity, OutboxStore } from '../../ports/outbox-store.js'
import { sqliteMigrations } from '../../generated/sql.js'
import type { SqliteConnection } from './connection.js'
import { numberOf, textOf } from './driver.js'
import { checkDurable } from './durability.js'

type Schema = Pick<OutboxStore, 'migrate' | 'open' | 'databaseIdentity' | 'adoptIdentity'>
type Wanted = Parameters<OutboxStore['open']>[0]

const latest = sqliteMigrations.length

/** The part of the store that owns the tables, the settings and the database's identity. */
export function schema(db: SqliteConnection, options: { readonly allowInMemory: boolean }): Schema {
  const prepare = (): void => {
    if (fileOf(db) === '' && !options.allowInMemory)
      throw new WaybillError(
        'WB_STORE_UNSAFE',
        'an in-memory SQLite database loses every message with the process; open a file, or pass allowInMemory: true in tests',
      )
    db.rows('pragma-set-busy-timeout')
    if (fileOf(db) !== '') db.rows('pragma-set-wal')
    checkDurable(db)
  }
  return {
    async migrate(wanted) {
      await db.read('prepare', prepare)
      await db.write('migrate', () => migrate(db, wanted))
    },
    async open(wanted) {
      await db.read('prepare', prepare)
      await db.read('open', () => checkSchema(readMeta(db), wanted, db))
    },
    databaseIdentity: () => databaseIdentity(db),
    adoptIdentity: (identity) => db.write('adopt identity', () => adoptIdentity(db, identity)),
  }
}

/** Path of the database file; empty for one in memory. */
export function fileOf(db: SqliteConnection): string {
  const main = db.rows('pragma-database-list').find((row) => row.name === 'main')
  return textOf(main?.file ?? '')
}

type Meta = ReadonlyMap<string, string>

function readMeta(db: SqliteConnection): Meta {
  if (numberOf(db.row('meta-exists').n) === 0) return new Map()
  return new Map(db.rows('meta-all').map((row) => [textOf(row.name), textOf(row.value)]))
}

function migrate(db: SqliteConnection, wanted: Wanted): void {
  const meta = readMeta(db)
  const version = Number(meta.get('schema_version') ?? 0)
  if (meta.size > 0) checkOwner(meta, wanted)
  for (const migration of sqliteMigrations.filter((one) => one.version > version)) {
    db.script(migration.sql)
    db.change('meta-set', 'schema_version', String(migration.version))
    if (migration.breaking) db.change('meta-set', 'schema_breaking', String(migration.version))
  }
  if (version > 0) return
  db.change('meta-set', 'source', wanted.source)
  db.change('meta-set', 'lanes', String(wanted.lanes))
  for (let lane = 0; lane < wanted.lanes; lane++) db.change('lane-add', lane)
}

/** Refuses a schema that is missing, older, or newer and breaking; a newer compatible one is fine. */
function checkSchema(meta: Meta, wanted: Wanted, db: SqliteConnection): void {
  const version = Number(meta.get('schema_version') ?? 0)
  if (version < latest)
    throw new WaybillError(
      'WB_SCHEMA_MISSING',
      `the tables "${db.prefix}" are ${version === 0 ? 'missing' : `at version ${version}, this waybill needs ${latest}`}: call migrate() first`,
      { facts: { version, needed: latest } },
    )
  checkOwner(meta, wanted)
}

function checkOwner(meta: Meta, wanted: Wanted): void {
  const breaking = Number(meta.get('schema_breaking') ?? 0)
  if (breaking > latest)
    throw new WaybillError(
      'WB_SCHEMA_NEWER',
      `the schema has the breaking change ${breaking}, this waybill knows ${latest}: update waybill in this process`,
      { facts: { breaking, known: latest } },
    )
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
