import type { NaiveKind } from '../workers/naive-member-worker.js'
import type { ConsumeWorld } from './world.js'

/**
 * Which consumer: waybill's with the inbox, with the inbox and several messages in one call and transaction, with the inbox in a
 * classic group, or without the inbox; or one of those that are usually written.
 */
export type ConsumeArm = WaybillArm | NaiveKind

/** waybill's. */
export type WaybillArm = 'inbox' | 'batch' | 'classic' | 'plain'

/** Message by message. */
export const waybillArms: readonly WaybillArm[] = ['inbox', 'plain']
export const allWaybillArms: readonly WaybillArm[] = ['inbox', 'batch', 'plain']
/** Also as a member of a classic group. */
export const bothProtocols: readonly WaybillArm[] = ['inbox', 'classic', 'plain']
export const naiveArms: readonly NaiveKind[] = ['auto-commit', 'highest', 'auto-resolve']

/** True for the arms that are judged; the others must be seen to lose. */
export function isWaybill(arm: ConsumeArm): arm is WaybillArm {
  return arm === 'classic' || allWaybillArms.some((each) => each === arm)
}

/** One experiment of the consumer's proof. */
export interface ConsumeCase {
  /** Unique. */
  readonly name: string
  /** What it hurts: `processes` nothing that others use; `cluster` the brokers, so it runs alone. */
  readonly hurts: 'processes' | 'cluster'
  readonly arms: readonly ConsumeArm[]
  /** Records carry waybill's header, so that the inbox knows a message by its id; else by its place. */
  readonly headers?: boolean
  /** About how long, so that the longest can start first; s. */
  readonly seconds?: number
  /** Ends when nothing is under way any more. Throws when the experiment itself failed, so that nothing would be proven. */
  run(world: ConsumeWorld): Promise<void>
}
