import { WaybillError } from '../../model/errors.js'
import type { OutboxStore } from '../../ports/outbox-store.js'
import type { Database } from './database.js'
import { numberOf } from './rows.js'

/** How much time one partition of `outbox_sent` holds. */
export const partitionMs = 3_600_000
/** How far ahead partitions are made: a relay that was down for less finds one for its first mark. */
const aheadMs = 24 * partitionMs
/** How often a process looks after them. */
const everyMs = 60_000
/**
 * Making and dropping a partition locks the table for a moment. When somebody holds it for longer (pg_dump), all marks would
 * queue up behind our wait, so it is short, and the next round tries again.
 */
const lockMs = 100
const deniedMs = 3_600_000
/** Rows of the default partition deleted in one round. */
const defaultRows = 10_000

const sentAhead: Ahead = { sizeMs: partitionMs, aheadMs, lockMs, parts: 'sent-parts', add: 'sent-part-add' }

/** Makes partitions of `outbox_sent` ahead and drops what is wholly older, one process at a time. */
export function maintenance(db: Database): NonNullable<OutboxStore['maintain']> {
  let dueMs = Number.NEGATIVE_INFINITY
  return async ({ dropSentOlderThanMs }) => {
    if (db.clock.monotonicMs() < dueMs) return
    dueMs = db.clock.monotonicMs() + everyMs
    const nowMs = await db.transaction('maintain', async (tx) => {
      const [mine, now] = await tx.row('maintain-lock', db.lockClass('maintain'))
      return mine === 'true' ? numberOf(now) : undefined
    })
    if (nowMs === undefined) return
    try {
      await makeAhead(db, nowMs, sentAhead)
      if (dropSentOlderThanMs !== undefined) await drop(db, nowMs - dropSentOlderThanMs)
    } catch (error) {
      // Without the right nothing is lost (see the default partition), so it is told once an hour, not once a minute.
      if (error instanceof WaybillError && error.code === 'WB_STORE_DENIED') dueMs += deniedMs
      throw error
    }
  }
}

/** Which partitions are made: how much time one holds, how far ahead, and by which statements. */
export interface Ahead {
  readonly sizeMs: number
  readonly aheadMs: number
  readonly lockMs: number
  readonly parts: 'sent-parts' | 'inbox-parts'
  readonly add: 'sent-part-add' | 'inbox-part-add'
}

/** Makes the partition of now and those ahead which are not there, each in a transaction of its own. */
export async function makeAhead(db: Database, nowMs: number, ahead: Ahead): Promise<void> {
  const { sizeMs, aheadMs: untilMs, lockMs: waitMs, parts, add } = ahead
  const ends = new Set((await db.rows(parts)).map(([toMs]) => numberOf(toMs)))
  const current = Math.floor(nowMs / sizeMs) * sizeMs
  for (let fromMs = current; fromMs <= current + untilMs; fromMs += sizeMs)
    if (!ends.has(fromMs + sizeMs))
      await db.transaction('make partition', (tx) => tx.row(add, fromMs, fromMs + sizeMs), { lockMs: waitMs })
}

async function drop(db: Database, beforeMs: number): Promise<void> {
  const dropOne = async (): Promise<boolean> => {
    const [dropped] = await db.transaction('drop partition', (tx) => tx.row('sent-part-drop', beforeMs), { lockMs })
    return dropped === 'true'
  }
  while (await dropOne());
  await db.rows('sent-default-purge', beforeMs, defaultRows)
}
