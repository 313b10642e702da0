import type { Header } from '../model/message.js'

/** A partition as the cluster describes it. */
export interface PartitionView {
  readonly partition: number
  /** Node id of the leader; -1 when there is none. */
  readonly leader: number
  readonly leaderEpoch: number
}

/** A topic as the cluster describes it, with the settings that decide about delivery. */
export interface TopicView {
  readonly topic: string
  /** 32 hex digits. A re-created topic has another one. */
  readonly topicId: string
  /** Index = partition number. */
  readonly partitions: readonly PartitionView[]
  readonly replicationFactor: number
  readonly maxMessageBytes: number
  /** -1: unlimited. */
  readonly retentionMs: number
  /**
   * How long a record may be readable, ms: retention deletes whole segments by their newest record, so up to `segment.ms`
   * longer than `retentionMs`. -1: without a limit (also where `cleanup.policy` is only `compact`). Absent where the
   * settings cannot be read: nothing may then be taken for deleted.
   */
  readonly keptMs?: number
  /** `unknown` where the topic's settings may not be read. */
  readonly timestampType: 'CreateTime' | 'LogAppendTime' | 'unknown'
  /** The broker's `producer.id.expiration.ms`, 86 400 000 where it cannot be read. */
  readonly producerIdExpirationMs: number
}

/** One record, as bytes. */
export interface RecordData {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly Header[]
}

/** One record batch for one partition under a producer identity. */
export interface ProduceBatch {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly firstSequence: number
  /** Timestamp of every record in the batch, ms. */
  readonly stampMs: number
  readonly records: readonly RecordData[]
}

/**
 * What is known after one attempt.
 * - `unsent`: no byte was handed to a socket; nothing can have been appended by this attempt.
 * - `acked`: the leader answered with an offset. Whether it may be *believed* is for the caller to judge.
 * - `rejected`: the broker answered with an error; `appended` says what Kafka's code implies about *this attempt*.
 * - `unknown`: a timeout, a cut connection or an answer that cannot be read. Never a failure, never a success.
 */
export type ProduceOutcome =
  | { readonly kind: 'unsent'; readonly cause: string }
  | {
      readonly kind: 'acked'
      readonly baseOffset: number
      /** `log_append_time_ms`: -1 for a fresh append on a CreateTime topic; the stored batch's timestamp for a duplicate. */
      readonly appendTimeMs: number
    }
  | {
      readonly kind: 'rejected'
      /** Kafka's error name, e.g. NOT_LEADER_OR_FOLLOWER. */
      readonly code: string
      readonly appended: 'no' | 'maybe' | 'yes'
      readonly message: string
      /** Index of the first offending record, where the broker says so. */
      readonly recordIndex?: number
    }
  | { readonly kind: 'unknown'; readonly cause: string }

/** A produce request to one leader. At most one batch per (topic, partition). */
export interface ProduceRequest {
  /** Requests of one (pipeline, leader) share a connection, one at a time. */
  readonly pipeline: number
  readonly leader: number
  readonly batches: readonly ProduceBatch[]
  /** How long the broker and we wait for the answer, ms. */
  readonly timeoutMs: number
  /** Monotonic time after which no byte may be handed to the socket (the lease's end minus a margin); later: `unsent`. */
  readonly sendBeforeMs: number
}

/** A batch read back: identity and message ids, CRC verified. */
export interface FetchedBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly leaderEpoch: number
  readonly producerId: number
  readonly producerEpoch: number
  /** First sequence, -1 when not idempotent. */
  readonly firstSequence: number
  readonly maxTimestampMs: number
  /** Control batches (transaction markers) carry no records. */
  readonly isControl: boolean
  readonly records: readonly FetchedRecord[]
}

/** A record with its place. */
export interface FetchedRecord extends RecordData {
  readonly offset: number
  readonly timestampMs: number
}

/** A topic to create. */
export interface NewTopic {
  readonly topic: string
  readonly partitions: number
  readonly replicationFactor: number
  readonly configs?: Readonly<Record<string, string>>
}

/**
 * Kafka as the engines see it. Every call has a deadline; a call that cannot reach any broker rejects with
 * WB_KAFKA_UNREACHABLE; a right that is missing or another refusal rejects with WB_KAFKA_REFUSED (facts.kafka = error name).
 */
export interface Broker {
  /** The cluster id, asked anew on each call. Compared before the first produce: another cluster knows none of our producers. */
  clusterId(): Promise<string>
  /** The topic; `undefined` when the cluster does not know it. Cached for a few seconds unless `fresh`. */
  describeTopic(topic: string, options?: { fresh?: boolean }): Promise<TopicView | undefined>
  /** A producer id never handed out before. COORDINATOR_LOAD_IN_PROGRESS and the like are retried inside. */
  initProducerId(): Promise<number>
  /** Sends one request with acks=-1. Never rejects: every batch gets an outcome, in the order given. */
  produce(request: ProduceRequest): Promise<readonly ProduceOutcome[]>
  /** First offset kept and the high watermark (end of what is replicated). */
  offsets(topic: string, partition: number): Promise<{ readonly logStart: number; readonly highWatermark: number }>
  /** The first offset whose record has this timestamp (ms) or a later one; the high watermark when there is none. */
  offsetAt(topic: string, partition: number, timestampMs: number): Promise<number>
  /** KIP-101: end offset of the largest leader epoch <= `leaderEpoch`; -1/-1 when unknown. */
  endOffsetForEpoch(
    topic: string,
    partition: number,
    leaderEpoch: number,
  ): Promise<{ readonly leaderEpoch: number; readonly endOffset: number }>
  /**
   * Reads [fromOffset, toOffset) up to the high watermark, CRC verified, uncommitted included. Rejects with
   * WB_RECORD_CORRUPT on a bad CRC and with WB_KAFKA_REFUSED (facts.kafka = OFFSET_OUT_OF_RANGE) below the log start.
   */
  read(
    topic: string,
    partition: number,
    fromOffset: number,
    toOffset: number,
    signal?: AbortSignal,
  ): AsyncIterable<FetchedBatch>
  /** Creates topics and waits until their leaders answer; a topic that exists already is fine. */
  createTopics(topics: readonly NewTopic[]): Promise<void>
  /** Closes all connections; requests under way become `unknown`. Safe twice. */
  close(): Promise<void>
}
