/** A stream's Kafka producer identity. Brokers keep sequences per (producer id, producer epoch) inside one partition. */
export interface Incarnation {
  readonly producerId: number
  readonly producerEpoch: number
}

/** The highest producer epoch; after it a lane needs a new producer id (Kafka's `ProducerEpoch` is an int16). */
export const producerEpochMax = 32767

/** One lane in one partition of a topic. */
export interface StreamKey {
  readonly lane: number
  readonly topic: string
  readonly partition: number
}

/** Durable state of a stream. It describes the last acknowledged record, never a hope. */
export interface Stream extends StreamKey {
  /** Kafka's topic id (UUID as 32 hex digits); a re-created topic has another one. */
  readonly topicId: string
  readonly incarnation: Incarnation
  /** Sequence of the next record in this incarnation. */
  readonly nextSequence: number
  /**
   * Offset of the last acknowledged record, or the end of the partition when the stream was opened, minus one: whatever
   * this stream wrote later lies above it.
   */
  readonly lastOffset: number
  /** Leader epoch by which the last acknowledged request was routed; -1 unknown. */
  readonly lastLeaderEpoch: number
  /** Stamp of the newest flight ever claimed on this stream (database clock, ms); 0 when none. */
  readonly lastStampMs: number
}

/**
 * The claimed rows of a stream: a durable promise that these rows, in this order, have these sequences. It is written
 * before the first byte goes out and is never changed, because a broker silently drops other content under a used sequence.
 */
export interface Flight extends StreamKey {
  readonly incarnation: Incarnation
  readonly firstSequence: number
  /** Row ids in record order; never empty. */
  readonly rowIds: readonly number[]
  /** Timestamp of every record of the batch: database clock at the claim, strictly rising per stream. Kafka answers a duplicate with it. */
  readonly stampMs: number
  /** Fence of the lease under which it was claimed. Another fence than ours means an earlier owner may have sent it. */
  readonly claimedFence: number
}

/** Names a flight so that a late write for another one does nothing. */
export interface FlightRef extends StreamKey {
  readonly incarnation: Incarnation
  readonly firstSequence: number
}

/** Text form of a stream key, for maps. */
export function streamId(key: StreamKey): string {
  return `${key.lane} ${key.topic} ${key.partition}`
}

/** True when both name the same producer identity. */
export function sameIncarnation(a: Incarnation, b: Incarnation): boolean {
  return a.producerId === b.producerId && a.producerEpoch === b.producerEpoch
}
