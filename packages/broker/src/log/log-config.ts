/**
 * The topic settings one partition's log obeys. Read anew for every append, so that an altered topic acts at once, as in
 * Kafka. Limits without end are given as `Number.MAX_SAFE_INTEGER` or `Infinity`; retention of -1 means unlimited.
 */
export interface LogConfig {
  /** `max.message.bytes`: largest batch in bytes, header included. */
  maxMessageBytes: number
  /** `message.timestamp.type`. */
  timestampType: 'CreateTime' | 'LogAppendTime'
  /** `message.timestamp.before.max.ms`: how much older than the broker's clock a record may be. */
  timestampBeforeMaxMs: number
  /** `message.timestamp.after.max.ms`: how much newer. */
  timestampAfterMaxMs: number
  /** `cleanup.policy` contains `compact`: keys are required and retention deletes nothing (this broker never compacts). */
  compacted: boolean
  /** `flush.messages`: flush when this many records are not flushed yet. */
  flushMessages: number
  /** `flush.ms`: age at which `flushIfDue` flushes. Nothing happens unless the broker's scheduler calls it, as in Kafka. */
  flushMs: number
  /** `segment.bytes`: roll before the active segment would grow beyond this. */
  segmentBytes: number
  /** `retention.ms`. */
  retentionMs: number
  /** `retention.bytes`. */
  retentionBytes: number
  /** `producer.id.expiration.ms`. */
  producerIdExpirationMs: number
}

/** The batch was refused and nothing was written; `errorCode` is Kafka's, `message` is for people. */
export interface AppendRejection {
  kind: 'rejected'
  errorCode: number
  message: string
  recordErrors?: { index: number; message: string }[]
}

/** What an append did. */
export type AppendResult =
  | {
      kind: 'appended'
      baseOffset: number
      lastOffset: number
      /** -1 on CreateTime topics. */
      appendTimeMs: number
      logStartOffset: number
    }
  | {
      /** The producer's same (epoch, first and last sequence) is already in the log: nothing was written. */
      kind: 'duplicate'
      baseOffset: number
      lastOffset: number
      /** The stored batch's largest timestamp, on CreateTime topics too: a free fingerprint of what was stored. */
      appendTimeMs: number
      logStartOffset: number
    }
  | AppendRejection
