import type { WaybillError } from '../model/errors.js'

/** A partition of a topic, by id: a re-created topic is another one. */
export interface GroupPartition {
  readonly topic: string
  /** 32 hex digits. */
  readonly topicId: string
  readonly partition: number
}

/** A committed position. */
export interface CommittedOffset extends GroupPartition {
  /** Next offset to read. */
  readonly offset: number
  /** Leader epoch of the record before it; -1 unknown. */
  readonly leaderEpoch: number
  /** Opaque text of at most 4096 bytes (`offset.metadata.max.bytes`). */
  readonly metadata: string
}

/**
 * What became of one partition's commit.
 * - `committed`: durable in the group.
 * - `fenced`: we are no member any more, or of an older epoch; the commit must not be repeated under another epoch.
 * - `not-owned`: the partition is not ours now; nothing was sent.
 * - `refused`: Kafka's error name, e.g. OFFSET_METADATA_TOO_LARGE; repeating does not help.
 * - `unknown`: no answer or a passing error; it may be committed. Commit again (a later position is fine).
 */
export type CommitOutcome =
  | { readonly kind: 'committed' }
  | { readonly kind: 'fenced'; readonly cause: string }
  | { readonly kind: 'not-owned' }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'unknown'; readonly cause: string }

/** What a member is told. Calls never overlap, but `lost` and `ended` may come while a `revoked` runs. */
export interface GroupListener {
  /** These partitions are ours now. Must return soon. */
  assigned(partitions: readonly GroupPartition[]): void
  /**
   * These are to be given up. The group is told only after this resolves, so that nobody else starts before our last
   * commit (KIP-848 reconciliation; KIP-429, where the member joins again without them). Bounded by the rebalance timeout:
   * then `lost` follows.
   */
  revoked(partitions: readonly GroupPartition[]): Promise<void>
  /** We are out of the group (fenced, expired, coordinator says unknown): nothing of ours may be committed any more. */
  lost(cause: string): void
  /**
   * We are out for good and do not join again (`lost` came before, if anything was ours): WB_INSTANCE_FENCED, another member
   * has our instance id. Two members that took it from each other in turn would never handle anything.
   */
  ended(error: WaybillError): void
}

/** A running membership. */
export interface GroupMember {
  /** Changes with a re-join of the classic protocol. */
  readonly memberId: string
  /** Partitions owned at this moment. */
  owned(): readonly GroupPartition[]
  /**
   * Commits positions of partitions owned now, under the member epoch (classic: generation) of the assignment they were
   * fetched in; results in the same order. Never rejects.
   * Race: a commit re-sent under a new epoch for a partition that was not ours in between moves back or forward what another member does now.
   */
  commit(offsets: readonly CommittedOffset[]): Promise<readonly CommitOutcome[]>
  /** Committed positions of these partitions; `undefined` where the group has none. Rejects with WB_KAFKA_UNREACHABLE, WB_KAFKA_REFUSED. */
  committed(partitions: readonly GroupPartition[]): Promise<readonly (CommittedOffset | undefined)[]>
  /** Leaves the group; no listener is called any more. Safe twice. */
  leave(): Promise<void>
}

/**
 * `consumer`: KIP-848 (Kafka 4.0, assignment by the coordinator). `classic`: JoinGroup and SyncGroup with the assignor
 * `cooperative-sticky` (KIP-429). `auto`: KIP-848 where the cluster offers it and the group takes such members, else classic.
 */
export type GroupProtocol = 'auto' | 'consumer' | 'classic'

/** How to join. */
export interface GroupOptions {
  readonly group: string
  readonly topics: readonly string[]
  /** How long the coordinator waits for our revoke, ms. */
  readonly rebalanceTimeoutMs: number
  /** Default `auto`. */
  readonly groupProtocol?: GroupProtocol
  /**
   * Static membership (KIP-345): the name of this member over restarts. Who leaves with it keeps its partitions for the
   * session timeout, so that a restart moves nothing.
   */
  readonly instanceId?: string
  /**
   * Classic protocol only: after this silence the coordinator gives our partitions away, ms. Default 45 000, as in Kafka.
   * With KIP-848 the group's own setting decides (`group.consumer.session.timeout.ms`).
   */
  readonly sessionTimeoutMs?: number
}

/**
 * Consumer groups. Heartbeats run apart from handlers, from joining to leaving; a lost membership re-joins by itself with
 * backoff after `lost`. Rejects with WB_KAFKA_REFUSED when the group id is in use by another protocol or the cluster does not
 * offer the one that was asked for, with WB_INSTANCE_FENCED when another member took our instance id while we joined.
 */
export interface Groups {
  join(options: GroupOptions, listener: GroupListener): Promise<GroupMember>
}
