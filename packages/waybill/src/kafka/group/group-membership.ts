import type { GroupListener, GroupPartition } from '../../ports/group.js'
import type { WaybillError } from '../../model/errors.js'
import type { Log } from '../../ports/log.js'
import { describe } from '../network/link.js'
import type { Assignment } from './assignment.js'

/** Pauses of a member that failed. */
export const backoffLimits = { minMs: 100, maxMs: 5000 } as const

/** One member of a group, of either protocol, from joining to leaving. */
export interface GroupMembership {
  readonly memberId: string
  readonly assignment: Assignment
  /** The member epoch or generation to send with offsets; `undefined` while we are no member. Looks at the session first. */
  readonly epoch: number | undefined
  /** Why we are no member, for messages. */
  readonly whyOut: string
  /** Kafka's answers to a commit that say: not under this epoch, maybe under a newer one of ours. */
  readonly staleErrors: ReadonlySet<number>
  /** Whether committed positions are asked for in the member's name, so that the coordinator checks its epoch (KIP-848). */
  readonly readsAsMember: boolean
  /** Joins; rejects when the group refuses us or no coordinator answers in time. Heartbeats run on from here. */
  join(): Promise<void>
  /** The partitions owned now. Looks at the session first: a process that slept must not take its old ones for its own. */
  owned(): readonly GroupPartition[]
  /** The coordinator answered another request under this epoch with this error: no need to wait for a heartbeat. */
  refusedUnder(epoch: number, errorCode: number): void
  /** Waits until the coordinator told an epoch other than `staleEpoch`, or confirmed it, at most `waitMs`. */
  epochAfter(staleEpoch: number, waitMs: number): Promise<void>
  /** Leaves the group and ends; the listener hears nothing more. Safe twice. */
  leave(): Promise<void>
  /** Ends without a word to the coordinator, as a crash would. The listener is told `lost`. */
  abandon(cause: string): void
}

/** Tells the listener that the membership is over; its failure is ours to log. */
export function tellLost(listener: GroupListener, log: Log, cause: string): void {
  try {
    listener.lost(cause)
  } catch (error) {
    log.error(`the listener failed when the membership was lost: ${describe(error)}`, { error })
  }
}

/** Tells the listener that we do not join again. */
export function tellEnded(listener: GroupListener, log: Log, reason: WaybillError): void {
  log.error(reason.message, { ...reason.facts })
  try {
    listener.ended(reason)
  } catch (error) {
    log.error(`the listener failed when the membership ended: ${describe(error)}`, { error })
  }
}

/** How long after the coordinator's word a revoke may take: a tenth (at most 2 s) before the coordinator acts. */
export function revokeMsOf(rebalanceTimeoutMs: number): number {
  return rebalanceTimeoutMs - Math.min(2000, rebalanceTimeoutMs / 10)
}
