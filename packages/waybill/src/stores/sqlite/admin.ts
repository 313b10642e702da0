import type { LaneStatus, OutboxAdmin, ParkedMessage } from '../../ports/outbox-admin.js'
import type { SqlRow } from '../../ports/transactions.js'
import { sqliteMigrations } from '../../generated/sql.js'
import { planOf, shapeOf } from '../schema-rules.js'
import type { SqliteConnection } from './connection.js'
import { withPrefix } from './connection.js'
import { numberOf, textOf } from './driver.js'
import { alertOf, holdOf, leaseOf, plainText, waitingOf } from './rows.js'
import { readMeta } from './schema.js'

/** The part of the store that operators use. */
export function admin(db: SqliteConnection): OutboxAdmin {
  return {
    plan: () => db.read('plan', () => planOf(readMeta(db), sqliteMigrations, ({ sql }) => withPrefix(sql, db.prefix))),
    shape: () => db.read('shape', () => shapeOf(readMeta(db), sqliteMigrations)),
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
