import type { Broker } from '../../ports/broker.js'
import type { Clock } from '../../ports/clock.js'
import type { Fetcher } from '../../ports/fetcher.js'
import type { GroupProtocol, Groups } from '../../ports/group.js'

/** How an adapter is to be opened. */
export interface GroupOpening {
  /** Another clock than the harness's, for example one that stops. */
  readonly clock?: Clock
  /** Longest time of one call with its retries, ms. */
  readonly callTimeoutMs?: number
}

/**
 * What the contract needs around an adapter with groups: a cluster with short group timeouts that it may restart and bend. The
 * heartbeat interval should be at most a fifth of the session timeout.
 */
export interface GroupHarness {
  readonly clock: Clock
  /** By which protocol members join. */
  readonly groupProtocol: GroupProtocol
  /** The cluster's `group.consumer.session.timeout.ms`: 2000 to 6000. Classic members ask for the same. */
  readonly sessionTimeoutMs: number
  /** A new adapter to the cluster. The case that asked for it closes it. */
  open(opening?: GroupOpening): Broker & Fetcher & Groups
  /** A new adapter to addresses where nothing listens. */
  openNowhere(opening?: GroupOpening): Broker & Fetcher & Groups
  /** Kafka's DeleteRecords: the log starts at `beforeOffset` afterwards. */
  deleteRecords(topic: string, partition: number, beforeOffset: number): Promise<void>
  /** Deletes a group with its offsets. Rejects while it has members. */
  deleteGroup(group: string): Promise<void>
  /** Puts a member of the classic protocol, of another protocol type than `consumer`, into this new group: nobody of either protocol can join. */
  occupyGroup(group: string): Promise<void>
  /** The broker executes the next OffsetCommit and its answer never arrives: the connection is cut instead. */
  dropNextCommitResponse(): Promise<void>
  /** Kills all brokers without a clean stop and starts them again with the same data. Resolves when they answer. */
  restartBroker(): Promise<void>
  /** Appends these values in one transaction and ends it. Not there: the cluster has no transactions. */
  transact?(topic: string, partition: number, values: readonly string[], end: 'commit' | 'abort'): Promise<void>
}

/** One promise of the ports. `run` rejects when it is broken. */
export interface GroupCase {
  readonly name: string
  run(harness: GroupHarness): Promise<void>
}
