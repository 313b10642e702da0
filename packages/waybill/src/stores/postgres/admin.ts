import type { LaneStatus, MigrationPlan, OutboxAdmin, ParkedMessage } from '../../ports/outbox-admin.js'
import { postgresMigrations } from '../../generated/sql.js'
import { planOf, shapeOf } from '../schema-rules.js'
import type { Database } from './database.js'
import type { TextRow } from './driver.js'
import { enqueueLocks } from './locks.js'
import { alertOf, arrayOf, bytesOrNull, holdOf, leaseOf, numberOf, plainText, textOf, waitingOf } from './rows.js'
import { readMeta } from './schema.js'

/** The part of the store that operators use. */
export function admin(db: Database): OutboxAdmin {
  return {
    plan: () => plan(db),
    shape: async () => shapeOf(await readMeta(db, db), postgresMigrations),
    lanes: async () => (await db.rows('lanes-status')).map(laneOf),
    holds: async (limit) =>
      (await db.rows('holds-status', limit)).map((row) => ({ ...holdOf(row), size: numberOf(row[7]) })),
    parked: async ({ afterId, limit, topic = null }) =>
      (await db.rows('parked-page', afterId, topic, limit)).map(parkedOf),
    parkedById: async (id) => (await db.rows('parked-one', id)).map(parkedOf)[0],
    requeue: (ids) => requeue(db, ids),
    discard: async (ids, { who, why }) =>
      inOrder(await db.rows('parked-discard', arrayOf(ids), plainText(who), plainText(why))),
    alerts: async (limit) => (await db.rows('alerts-latest', limit)).map(alertOf),
    resolve: async (alertIds) => inOrder(await db.rows('alerts-resolve', arrayOf(alertIds))),
  }
}

/**
 * The rows are locked, then the keys as `enqueue` locks them, and only then ids are drawn. Race: a transaction that has
 * drawn an id of the key and is still open would commit a smaller id after ours was sent.
 */
function requeue(db: Database, ids: readonly number[]): Promise<readonly number[]> {
  return db.transaction('requeue', async (tx) => {
    const rows = await tx.rows('parked-lock', arrayOf(ids))
    if (rows.length === 0) return []
    const messages = rows.map(([, lane, topic, key]) => ({
      lane: numberOf(lane),
      topic: textOf(topic),
      key: bytesOrNull(key ?? null),
    }))
    const found = inOrder(rows)
    await tx.rows('enqueue-locks', ...enqueueLocks(db, messages))
    await tx.rows('parked-requeue', arrayOf(found))
    return found
  })
}

async function plan(db: Database): Promise<MigrationPlan> {
  const meta = await readMeta(db, db)
  return planOf(meta, postgresMigrations, ({ version, sql }) => {
    const before = meta.size === 0 && version === 1 ? `${db.sql('schema-plan')};\n` : ''
    return before + db.named(sql)
  })
}

function laneOf(row: TextRow): LaneStatus {
  const { lane, fence, expiresAtMs, producerId } = leaseOf(row)
  const owner = row[4] ?? null
  const leaseLeftMs = owner === null ? 0 : expiresAtMs - numberOf(row[7])
  return { lane, owner, fence, leaseLeftMs, producerId, waiting: numberOf(row[5]), inFlight: numberOf(row[6]) }
}

function parkedOf(row: TextRow): ParkedMessage {
  const [parkedAt, reason, attempts] = row.slice(8)
  return {
    ...waitingOf(row),
    parkedAtMs: numberOf(parkedAt),
    reason: textOf(reason),
    attempts: numberOf(attempts),
  }
}

/** The ids in the first column, in order: RETURNING promises none. */
function inOrder(rows: readonly TextRow[]): readonly number[] {
  return rows.map(([id]) => numberOf(id)).sort((a, b) => a - b)
}
