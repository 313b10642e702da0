/** A group as its coordinator lists it. */
export interface GroupListing {
  readonly group: string
  /** `consumer` (KIP-848), `classic`, `share`, `streams`; `classic` where the broker does not tell (before Kafka 3.8). */
  readonly protocol: string
  /** Of classic groups what the members agreed to be: `consumer`, `connect` …; empty without members. */
  readonly protocolType: string
  /** Kafka's word: Stable, Empty, Assigning, Reconciling, PreparingRebalance, CompletingRebalance, Dead. */
  readonly state: string
}

/** What `listGroups` found, and what it could not look at. */
export interface GroupListings {
  readonly groups: readonly GroupListing[]
  /** Brokers that did not answer, with the cause: groups that they coordinate are not listed. */
  readonly blind: readonly string[]
}

/** Partitions of one topic. */
export interface TopicPartitions {
  readonly topic: string
  readonly partitions: readonly number[]
}

/** A member as the coordinator sees it. */
export interface GroupMemberView {
  readonly memberId: string
  /** Static membership (KIP-345). */
  readonly instanceId: string | null
  readonly clientId: string
  /** As the coordinator writes it, e.g. `/10.0.0.7`. */
  readonly host: string
  /** Member epoch; -1 in a classic group. */
  readonly epoch: number
  readonly assigned: readonly TopicPartitions[]
  /** Topics it subscribes to by name; of classic members only while the group is stable. */
  readonly subscribed: readonly string[]
}

/** A group with its members. */
export interface GroupView extends GroupListing {
  /** Group epoch; -1 in a classic group. */
  readonly epoch: number
  /** Epoch of the newest assignment; behind `epoch` while the coordinator computes; -1 in a classic group. */
  readonly assignmentEpoch: number
  /** Assignor of the group. */
  readonly assignor: string
  readonly coordinator: { readonly nodeId: number; readonly host: string; readonly port: number }
  readonly members: readonly GroupMemberView[]
}

/** A committed position by topic name. */
export interface GroupPosition {
  readonly topic: string
  readonly partition: number
  /** Next offset to read. */
  readonly offset: number
  /** Leader epoch of the record before it; -1 unknown. */
  readonly leaderEpoch: number
  readonly metadata: string
}

/** A partition to ask about. */
export interface LogPlace {
  readonly topic: string
  readonly partition: number
}

/** First offset kept and high watermark of a partition, or why they are not known. */
export type LogEnds = { readonly logStart: number; readonly highWatermark: number } | { readonly cause: string }

/** When a topic's records go, or why that is not known. */
export type Retention =
  | {
      /** -1: not by time. */
      readonly ms: number
      /** Bytes of a partition; -1: not by size. */
      readonly bytes: number
      /** False where `cleanup.policy` is only `compact`: nothing goes by age or size. */
      readonly deletes: boolean
    }
  | { readonly cause: string }

/**
 * Groups as people on call look at them: no membership, nothing is changed. Every call has a deadline; WB_KAFKA_UNREACHABLE when
 * no broker answers, WB_KAFKA_REFUSED with the right to grant where one is missing (DESCRIBE on group, topics).
 */
export interface GroupAdmin {
  /** All groups that this user may see, by name: Kafka leaves out the others without a word. */
  listGroups(): Promise<GroupListings>
  /** The group with its members, of either protocol; `undefined` when there is none of this name. */
  describeGroup(group: string): Promise<GroupView | undefined>
  /**
   * All committed positions of the group, by topic and partition; none for a group that is not there. Topics that this
   * user may not DESCRIBE are left out by Kafka without a word.
   */
  groupPositions(group: string): Promise<readonly GroupPosition[]>
  /** Both ends of each partition's log, in the order given; one request per leader. */
  logEnds(places: readonly LogPlace[]): Promise<readonly LogEnds[]>
  /** The topic's retention as the brokers apply it. */
  retentionOf(topic: string): Promise<Retention>
}
