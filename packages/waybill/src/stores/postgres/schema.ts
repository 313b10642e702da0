import { WaybillError } from '../../model/errors.js'
import type { Identity, OutboxStore } from '../../ports/outbox-store.js'
import { postgresMigrations } from '../../generated/sql.js'
import type { Migration } from '../../generated/sql.js'
import { checkOutbox, checkVersion, compareIdentity, pendingOf, refuseNewer } from '../schema-rules.js'
import type { Meta } from '../schema-rules.js'
import type { Database, Statements, Transaction } from './database.js'
import type { TextRow } from './driver.js'
import { codeOf, unsafeCommit } from './failure.js'
import { numberOf, textOf } from './rows.js'

type Schema = Pick<OutboxStore, 'migrate' | 'open' | 'nowMs' | 'databaseIdentity' | 'adoptIdentity'>
type Wanted = Parameters<OutboxStore['open']>[0]

/** A migration may have to wait for open transactions, and a large table may have to be changed. */
const migrateMs = 60_000

/** The part of the store that owns the tables, the checks of the server's settings, and the database's identity. */
export function schema(db: Database): Schema {
  return {
    async migrate(wanted) {
      await checkServer(db)
      await db.transaction('migrate', (tx) => migrate(db, tx, wanted), { limitMs: migrateMs })
    },
    async open(wanted) {
      await checkServer(db)
      const meta = await readMeta(db, db)
      checkVersion(meta, postgresMigrations, tablesOf(db))
      checkOutbox(meta, wanted, 'schema')
    },
    nowMs: async () => numberOf((await db.row('now'))[0]),
    databaseIdentity: () => databaseIdentity(db),
    adoptIdentity: (identity) => db.transaction('adopt identity', (tx) => adoptIdentity(tx, identity)),
  }
}

/** Refuses a replica and settings under which a commit may be lost. */
export async function checkServer(db: Database): Promise<void> {
  const [synchronous, fsync, fullPages, recovery, readOnly, version, encoding] = await db.row('settings')
  if (recovery === 'true' || readOnly === 'on')
    throw new WaybillError(
      'WB_STORE_READ_ONLY',
      recovery === 'true'
        ? 'this server is a replica: connect to the primary (several hosts with target_session_attrs=read-write)'
        : 'default_transaction_read_only is on for this role or database: turn it off for waybill',
    )
  if (numberOf(version) < 130_000)
    throw new WaybillError('WB_STORE_UNSAFE', `PostgreSQL ${textOf(version)} is not supported: 13 or later`)
  if (encoding !== 'UTF8')
    throw new WaybillError('WB_STORE_UNSAFE', `the database has encoding ${textOf(encoding)}: topics need UTF8`)
  checkSynchronous(textOf(synchronous))
  for (const [name, value] of [
    ['fsync', fsync],
    ['full_page_writes', fullPages],
  ] as const)
    if (value !== 'on' && !db.driver.inProcess)
      throw new WaybillError(
        'WB_STORE_UNSAFE',
        `${name} is ${textOf(value)}: after a crash of the machine committed messages may be gone or damaged. Turn it on`,
      )
}

/** Throws WB_STORE_UNSAFE for `off` and `local`: the latter does not wait for the standby that may take over. */
export function checkSynchronous(value: string): void {
  if (value === 'off' || value === 'local')
    throw new WaybillError('WB_STORE_UNSAFE', `synchronous_commit is ${value}: ${unsafeCommit}`)
}

/** What the tables say of themselves. */
export async function readMeta(db: Database, tx: Statements): Promise<Meta> {
  const [count] = await tx.row('meta-exists', db.schema, `${db.prefix}_meta`)
  if (numberOf(count) === 0) return new Map()
  return metaOf(await tx.rows('meta-all'))
}

function metaOf(rows: readonly TextRow[]): Meta {
  return new Map(rows.map(([name, value]) => [textOf(name), textOf(value)]))
}

/** The tables as an error names them. */
export function tablesOf({ schema: name, prefix }: Database): string {
  return `"${name}"."${prefix}"`
}

/** Creates the schema if need be and applies what is missing, one process after the other: two at once do it once. */
export async function applyMigrations(
  db: Database,
  tx: Transaction,
  migrations: readonly Migration[],
  check: (meta: Meta) => void,
): Promise<Meta> {
  await tx.rows('migrate-lock', db.lockClass('migrate'))
  const meta = await readMeta(db, tx)
  refuseNewer(meta, migrations)
  check(meta)
  // CREATE SCHEMA IF NOT EXISTS asks for the right to create one even when it is there.
  if (numberOf((await tx.row('schema-exists', db.schema))[0]) === 0) await tx.rows('schema-create')
  for (const migration of pendingOf(meta, migrations)) {
    await tx.script(migration.sql)
    await tx.rows('meta-set', 'schema_version', String(migration.version))
    if (migration.breaking) await tx.rows('meta-set', 'schema_breaking', String(migration.version))
  }
  return meta
}

async function migrate(db: Database, tx: Transaction, wanted: Wanted): Promise<void> {
  const before = await applyMigrations(db, tx, postgresMigrations, (meta) => {
    if (meta.size > 0) checkOutbox(meta, wanted, 'schema')
  })
  if (before.size > 0) return
  await tx.rows('meta-set', 'source', wanted.source)
  await tx.rows('meta-set', 'lanes', String(wanted.lanes))
  await tx.rows('lanes-add', wanted.lanes)
}

/**
 * System identifier, timeline and database oid. A promoted standby has another timeline, a restore and a clone made with
 * initdb another identifier. A file copy that is started without recovery cannot be told apart.
 */
async function databaseIdentity(db: Database): Promise<string> {
  try {
    const [system, timeline, database] = await db.row('identity')
    return `postgres ${textOf(system)} ${textOf(timeline)} ${textOf(database)}`
  } catch (cause) {
    if (codeOf((cause as WaybillError).cause) !== '42501') throw cause
    throw new WaybillError(
      'WB_STORE_DENIED',
      'the role may not ask for the identity of the database, so a restore would not be noticed: ' +
        'GRANT EXECUTE ON FUNCTION pg_control_system() TO the role',
      { cause },
    )
  }
}

async function adoptIdentity(
  tx: Transaction,
  identity: Identity,
): Promise<{ changed: boolean; before: Identity | undefined }> {
  // Every lane is locked first: two relays decide one after the other, and no late write of the former identity is under way.
  await tx.rows('lanes-lock')
  const { changed, before } = compareIdentity(metaOf(await tx.rows('meta-all')), identity)
  if (before && !changed) return { changed, before }
  await tx.rows('meta-set', 'cluster', identity.cluster)
  await tx.rows('meta-set', 'database', identity.database)
  if (changed) await tx.rows('lanes-new-identity')
  return { changed, before }
}
