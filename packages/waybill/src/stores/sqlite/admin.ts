import type { LaneStatus, MigrationPlan, OutboxAdmin, ParkedMessage } from '../../ports/outbox-admin.js'
import type { SqlRow } from '../../ports/transactions.js'
import { sqliteMigrations } from '../../generated/sql.js'
import type { SqliteConnection } from './connection.js'
import { withPrefix } from './connection.js'
import { numberOf, textOf } from './driver.js'
import { alertOf, holdOf, leaseOf, plainText, waitingOf } from './rows.js'
import { readMeta, refuseNewer, versionOf } from './schema.js'

/** The part of the store that operators use. */
export function admin(db: SqliteConnection): OutboxAdmin {
  return {
    plan: () => db.read('plan', () => plan(db)),
    shape: () => db.read('shape', () => shape(db)),
    lanes: () =>
      db.read('lanes', () => {
        const nowMs = db.now()
        return db.rows('lanes-status').map((row) => laneOf(row, nowMs))
      }),
    holds: (limit) =>
      db.read('holds', () =>
        db.rows('holds-status', limit).map((row) => ({ ...holdOf(row), size: numberOf(row.size) })),
      ),
    parked: ({ afterId, limit, topic = null }) =>
      db.read('parked', () => db.rows('parked-page', afterId, topic, topic, limit).map(parkedOf)),
    parkedById: (id) => db.read('parked', () => db.rows('parked-one', id).map(parkedOf)[0]),
    requeue: (ids) =>
      db.write('requeue', (nowMs) =>
        inOrder(ids).filter((id) => db.change('parked-requeue', nowMs, id) === 1 && removeParked(db, id)),
      ),
    discard: (ids, { who, why }) =>
      db.write('discard', (nowMs) => {
        const note = (id: number): boolean =>
          db.change('discarded-add', plainText(who), plainText(why), nowMs, id) === 1
        return inOrder(ids).filter((id) => note(id) && removeParked(db, id))
      }),
    alerts: (limit) => db.read('alerts', () => db.rows('alerts-latest', limit).map(alertOf)),
    resolve: (alertIds) =>
      db.write('resolve alerts', (nowMs) =>
        inOrder(alertIds).filter((id) => db.change('alert-resolve-id', nowMs, id) === 1),
      ),
  }
}

function plan(db: SqliteConnection): MigrationPlan {
  const meta = readMeta(db)
  refuseNewer(meta, sqliteMigrations)
  const version = versionOf(meta)
  const pending = sqliteMigrations
    .filter((migration) => migration.version > version)
    .map((migration) => ({
      version: migration.version,
      breaking: migration.breaking,
      sql: withPrefix(migration.sql, db.prefix),
    }))
  return { version, target: sqliteMigrations.length, pending }
}

function shape(db: SqliteConnection): { source: string; lanes: number } | undefined {
  const meta = readMeta(db)
  refuseNewer(meta, sqliteMigrations)
  const source = meta.get('source')
  return source === undefined ? undefined : { source, lanes: Number(meta.get('lanes')) }
}

function laneOf(row: SqlRow, nowMs: number): LaneStatus {
  const { lane, fence, expiresAtMs, producerId } = leaseOf(row)
  const owner = row.owner === null ? null : textOf(row.owner)
  const leaseLeftMs = owner === null ? 0 : expiresAtMs - nowMs
  const counts = { waiting: numberOf(row.waiting), inFlight: numberOf(row.in_flight) }
  return { lane, owner, fence, leaseLeftMs, producerId, ...counts }
}

function parkedOf(row: SqlRow): ParkedMessage {
  const facts = { reason: textOf(row.reason), attempts: numberOf(row.attempts) }
  return { ...waitingOf(row), ...facts, parkedAtMs: numberOf(row.parked_at) }
}

/** By id, so that messages of one key keep the order in which they were sent. */
function inOrder(ids: readonly number[]): readonly number[] {
  return [...new Set(ids)].sort((a, b) => a - b)
}

function removeParked(db: SqliteConnection, id: number): boolean {
  return db.change('parked-remove', id) === 1
}
