import { WaybillError } from '../model/errors.js'
import type { MigrationPlan } from '../ports/outbox-admin.js'
import type { Identity } from '../ports/outbox-store.js'
import type { Migration } from '../generated/sql.js'

/** What the tables say of themselves; empty when there are none. */
export type Meta = ReadonlyMap<string, string>

type Migrations = readonly Migration[]

/** Version of the tables; 0 when there are none. */
function versionOf(meta: Meta): number {
  return Number(meta.get('schema_version') ?? 0)
}

/** What is not applied yet, in order. */
export function pendingOf(meta: Meta, migrations: Migrations): Migrations {
  return migrations.filter((migration) => migration.version > versionOf(meta))
}

/** What `migrate` would do; `sqlOf` gives a migration's statements with names filled in. WB_SCHEMA_NEWER. */
export function planOf(meta: Meta, migrations: Migrations, sqlOf: (migration: Migration) => string): MigrationPlan {
  refuseNewer(meta, migrations)
  const pending = pendingOf(meta, migrations).map((migration) => ({
    version: migration.version,
    breaking: migration.breaking,
    sql: sqlOf(migration),
  }))
  return { version: versionOf(meta), target: migrations.length, pending }
}

/** Whose outbox it is; `undefined` when there are no tables. WB_SCHEMA_NEWER. */
export function shapeOf(
  meta: Meta,
  migrations: Migrations,
): { readonly source: string; readonly lanes: number } | undefined {
  refuseNewer(meta, migrations)
  const source = meta.get('source')
  return source === undefined ? undefined : { source, lanes: Number(meta.get('lanes')) }
}

/**
 * WB_SCHEMA_MISSING for a schema that is missing or older; a newer compatible one is fine, another is WB_SCHEMA_NEWER.
 * `tables`: their name, quoted.
 */
export function checkVersion(meta: Meta, migrations: Migrations, tables: string): void {
  refuseNewer(meta, migrations)
  const version = versionOf(meta)
  const needed = migrations.length
  if (version < needed)
    throw new WaybillError(
      'WB_SCHEMA_MISSING',
      `the tables ${tables} are ${version === 0 ? 'missing' : `at version ${version}, this waybill needs ${needed}`}: call migrate() first`,
      { facts: { version, needed } },
    )
}

/** WB_SCHEMA_NEWER for a schema with a breaking change that these migrations do not hold. */
export function refuseNewer(meta: Meta, migrations: Migrations): void {
  const breaking = Number(meta.get('schema_breaking') ?? 0)
  const known = migrations.length
  if (breaking > known)
    throw new WaybillError(
      'WB_SCHEMA_NEWER',
      `the schema has the breaking change ${breaking}, this waybill knows ${known}: update waybill in this process`,
      { facts: { breaking, known } },
    )
}

/** WB_LANES_MISMATCH, WB_SOURCE_MISMATCH for another outbox than the wanted one; `elsewhere` names what to choose instead. */
export function checkOutbox(
  meta: Meta,
  wanted: { readonly source: string; readonly lanes: number },
  elsewhere: 'prefix' | 'schema',
): void {
  const lanes = Number(meta.get('lanes'))
  if (lanes !== wanted.lanes)
    throw new WaybillError(
      'WB_LANES_MISMATCH',
      `this outbox has ${lanes} lanes, not ${wanted.lanes}: pass lanes: ${lanes}; changing it needs a drained outbox`,
      { facts: { stored: lanes, wanted: wanted.lanes } },
    )
  const source = meta.get('source')
  if (source !== wanted.source)
    throw new WaybillError(
      'WB_SOURCE_MISMATCH',
      `this outbox belongs to source "${source}", not "${wanted.source}": use that source or another ${elsewhere}`,
      { facts: { stored: source, wanted: wanted.source } },
    )
}

/** WB_OPTION_INVALID for tables of an outbox where an inbox is wanted. */
export function checkInbox(meta: Meta, prefix: string): void {
  if (meta.size > 0 && meta.get('kind') !== 'inbox')
    throw new WaybillError(
      'WB_OPTION_INVALID',
      `the tables "${prefix}" belong to an outbox; give the inbox another prefix`,
    )
}

/** The stored identity, and whether the present one is another; a first one is no change. */
export function compareIdentity(
  meta: Meta,
  identity: Identity,
): { readonly changed: boolean; readonly before: Identity | undefined } {
  const cluster = meta.get('cluster')
  const database = meta.get('database')
  const before = cluster === undefined || database === undefined ? undefined : { cluster, database }
  return { before, changed: before !== undefined && (cluster !== identity.cluster || database !== identity.database) }
}
