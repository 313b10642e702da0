import type { Arm } from '../servers/business.js'
import type { World } from '../servers/world.js'
import type { Findings } from '../oracle/oracle.js'

/** What a case expects at its end beside the promises; by default that nothing waits and nothing is set aside. */
export interface Ending {
  readonly waiting?: readonly number[]
  readonly parked?: readonly number[]
  /** Where the topic at the end is not the whole story (deleted, restored): what the case's own look at it found. */
  readonly findings?: Findings
}

/** One experiment of the proof. */
export interface ProofCase {
  /** Unique. */
  readonly name: string
  /**
   * What it hurts: `processes` nothing that others use; `postgres` its server, so it gets one of its own; `cluster` the brokers,
   * so it runs alone.
   */
  readonly hurts: 'processes' | 'postgres' | 'cluster'
  /** Which outboxes it makes sense for. */
  readonly arms: readonly Arm[]
  /** Ends when nothing is under way any more. Throws when the experiment itself failed, so that nothing would be proven. */
  run(world: World): Promise<Ending | undefined>
}

/** Both outboxes. */
export const bothArms: readonly Arm[] = ['waybill', 'naive']
