import { WaybillError } from '../../model/errors.js'
import type { Database, Transaction } from './database.js'
import { makeAhead } from './partitions.js'
import { numberOf } from './rows.js'

/** How much message time one partition of the inbox holds. */
export const inboxPartitionMs = 86_400_000
const aheadMs = 2 * inboxPartitionMs
/** How often a process looks after them. */
const everyMs = 60_000
/** Handlers that wait behind our wait for a lock wait no longer than this. */
const lockMs = 100
/** A drop locks the whole inbox, so it is tried two or three times, then in the next round. */
const dropMs = 600
/** After a failure that will not pass soon. */
const restMs = 3_600_000

/** Makes the partitions of now and of the next two days, in the transaction that made the table. */
export async function firstInboxPartitions(tx: Transaction): Promise<void> {
  const nowMs = numberOf((await tx.row('now'))[0])
  if ((await tx.rows('inbox-parts')).length > 0) return
  const today = Math.floor(nowMs / inboxPartitionMs) * inboxPartitionMs
  for (let fromMs = today - inboxPartitionMs; fromMs <= today + aheadMs; fromMs += inboxPartitionMs)
    await tx.row('inbox-part-add', fromMs, fromMs + inboxPartitionMs)
}

/** What looks after the partitions of one inbox. Resolves to whether partitions go whole, so that rows need not be deleted. */
export type InboxMaintenance = (nowMs: number, keepMs: number) => Promise<boolean>

/**
 * Makes partitions of the inbox ahead, empties what no group needs any more, and drops what is empty. Each step is one short
 * transaction; one that does not get its lock in time is left to the next round. Without the right to do so entries collect in
 * the default partition and are deleted row by row.
 */
export function inboxMaintenance(db: Database): InboxMaintenance {
  let dueMs = Number.NEGATIVE_INFINITY
  let goesWhole = true
  return async (nowMs, keepMs) => {
    if (db.clock.monotonicMs() < dueMs) return goesWhole
    dueMs = db.clock.monotonicMs() + everyMs
    try {
      await makeAhead(db, nowMs, {
        sizeMs: inboxPartitionMs,
        aheadMs,
        lockMs,
        parts: 'inbox-parts',
        add: 'inbox-part-add',
      })
      const beforeMs = nowMs - keepMs
      while (await step(db, db.deadlineMs, (tx) => tx.row('inbox-part-empty', beforeMs, nowMs)));
      while (await step(db, dropMs, (tx) => tx.row('inbox-part-drop', beforeMs)));
      goesWhole = true
    } catch (error) {
      const code = error instanceof WaybillError ? error.code : undefined
      if (code === 'WB_STORE_DENIED') goesWhole = false
      // Whatever else it is, the next calls must get to the rows.
      if (code !== 'WB_STORE_BUSY') dueMs += restMs
      if (code !== 'WB_STORE_BUSY' && code !== 'WB_STORE_DENIED') throw error
    }
    return goesWhole
  }
}

/** True when there was a partition to work on, so that there may be another one. */
async function step(
  db: Database,
  limitMs: number,
  work: (tx: Transaction) => Promise<readonly unknown[]>,
): Promise<boolean> {
  const [part] = await db.transaction('inbox partition', work, { limitMs, lockMs })
  return part !== null
}
