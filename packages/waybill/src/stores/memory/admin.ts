import { WaybillError } from '../../model/errors.js'
import type { HoldStatus, LaneStatus, OutboxAdmin } from '../../ports/outbox-admin.js'
import type { MemoryDatabase } from './database.js'
import type { MemoryState, ParkedRow } from './state.js'

/** What operators ask and do, in memory. */
export function admin(db: MemoryDatabase): OutboxAdmin {
  const parked = (): readonly ParkedRow[] => [...tables(db).parked.values()].sort((a, b) => a.id - b.id)
  return {
    async plan() {
      const version = db.state.schema ? 1 : 0
      return { version, target: 1, pending: version === 1 ? [] : [{ version: 1, breaking: true, sql: '' }] }
    },
    shape: async () => db.state.schema,
    lanes: async () => lanes(tables(db), db.nowMs()),
    holds: async (limit) => holds(tables(db)).slice(0, limit),
    parked: async ({ afterId, limit, topic }) =>
      parked()
        .filter((row) => row.id > afterId && (topic === undefined || row.topic === topic))
        .slice(0, limit),
    parkedById: async (id) => tables(db).parked.get(id),
    requeue: (ids) => requeue(db, ids),
    async discard(ids, { who, why }) {
      const { parked: rows, discarded } = tables(db)
      const there = present(rows, ids)
      for (const row of there) {
        const { value: _value, headers: _headers, ...rest } = row
        rows.delete(row.id)
        discarded.set(row.id, { ...rest, who, why, discardedAtMs: db.nowMs() })
      }
      return there.map((row) => row.id)
    },
    alerts: async (limit) => [...tables(db).alerts.values()].sort((a, b) => b.id - a.id).slice(0, limit),
    async resolve(alertIds) {
      const { alerts } = tables(db)
      const open = present(alerts, alertIds).filter((alert) => alert.resolvedAtMs === null)
      for (const alert of open) alerts.set(alert.id, { ...alert, resolvedAtMs: db.nowMs() })
      return open.map((alert) => alert.id)
    },
  }
}

function tables(db: MemoryDatabase): MemoryState {
  if (db.state.schema) return db.state
  throw new WaybillError('WB_SCHEMA_MISSING', 'the outbox tables are missing; call migrate() first')
}

/** In id order, so that messages of one key keep the order in which they were sent. */
function present<T>(rows: ReadonlyMap<number, T>, ids: readonly number[]): readonly T[] {
  return [...new Set(ids)].sort((a, b) => a - b).flatMap((id) => rows.get(id) ?? [])
}

function lanes(state: MemoryState, nowMs: number): readonly LaneStatus[] {
  return state.lanes.map(({ owner, fence, expiresAtMs, producerId }, lane) => {
    const leaseLeftMs = owner === null ? 0 : expiresAtMs - nowMs
    const rows = state.outbox[lane] ?? []
    const inFlight = rows.filter((row) => state.flying.has(row.id)).length
    return { lane, owner, fence, leaseLeftMs, producerId, waiting: rows.length, inFlight }
  })
}

function holds(state: MemoryState): readonly HoldStatus[] {
  const oldestFirst = [...state.holds.values()].sort((a, b) => a.sinceMs - b.sinceMs || a.rowId - b.rowId)
  return oldestFirst.map((hold) => {
    const { lane, topic, key, rowId } = hold
    const waits = (state.outbox[lane] ?? []).filter(
      (row) =>
        row.id >= rowId &&
        row.topic === topic &&
        key !== null &&
        row.key !== null &&
        Buffer.compare(key, row.key) === 0,
    )
    return { ...hold, size: key === null ? 1 : waits.length }
  })
}

/** Waits for the locks of the keys, as `enqueue` does; another operator may take rows meanwhile. */
async function requeue(db: MemoryDatabase, ids: readonly number[]): Promise<readonly number[]> {
  for (;;) {
    const rows = present(tables(db).parked, ids)
    const tx = db.begin()
    try {
      await db.insert(tx, rows)
      const { parked } = tables(db)
      if (rows.every((row) => parked.has(row.id))) {
        for (const row of rows) parked.delete(row.id)
        db.commit(tx)
        return rows.map((row) => row.id)
      }
    } finally {
      if (db.isOpen(tx)) db.rollback(tx)
    }
  }
}
