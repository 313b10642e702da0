import type { Span } from './rate-window.js'
import type { Servers } from './servers.js'

/** The names of the arms, in the order in which a round runs them. */
export const armNames = ['limit', 'waybill', 'handwritten', 'debezium'] as const
export type ArmName = (typeof armNames)[number]

/** Where an arm does one run. */
export interface Place extends Span {
  readonly servers: Servers
  /** Unique for this arm and round; also the name of its database. */
  readonly name: string
  readonly topic: string
  /** Where Node arms write CPU profiles, if anywhere. */
  readonly profiles: string | undefined
}

/** An arm that works. */
export interface Running {
  /** Its processes. */
  readonly pids: readonly number[]
  /** Lets it begin. */
  go(): void
  /** Throws when a process has ended. */
  mustRun(): void
  /** Resolves when it has finished its own books, after all is visible. */
  settled(): Promise<void>
  /** Ends its processes. */
  stop(): Promise<void>
}

/** One way of bringing committed rows into a topic. */
export interface Arm {
  readonly name: ArmName
  /** Makes database and rows; nothing of it is measured. */
  prepare(place: Place): Promise<void>
  /** Starts its processes; they wait for `go` as far as they can. */
  start(place: Place): Promise<Running>
}
