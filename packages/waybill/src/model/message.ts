/** What a caller hands to `send`. */
export interface Message {
  /** Kafka topic name. */
  readonly topic: string
  /** Messages of one (topic, key) keep their order. Without a key a message is unordered. Text is UTF-8. */
  readonly key?: string | Uint8Array | null
  /** Bytes and text go as they are, `null` is a tombstone, anything else goes through the topic's codec (JSON by default). */
  readonly value: unknown
  /** Kafka record headers; names starting with `waybill` are reserved. */
  readonly headers?: Readonly<Record<string, string | Uint8Array>>
}

/** A record header: name and bytes. */
export type Header = readonly [name: string, value: Uint8Array]

/** A message after validation and encoding: exactly the bytes that will be in Kafka. */
export interface SealedMessage {
  readonly lane: number
  /** UUIDv7 as 32 lower-case hex digits. */
  readonly messageId: string
  readonly topic: string
  readonly key: Uint8Array | null
  readonly headers: readonly Header[]
  readonly value: Uint8Array | null
  /** The topic does without key order: the store takes no key lock for it. Not stored. */
  readonly unordered?: true
}

/** A committed message that has no acknowledgement yet: one row of `outbox`. Ids of one (topic, key) are in commit order. */
export interface WaitingRow extends SealedMessage {
  readonly id: number
  /** Database clock, ms since 1970. */
  readonly createdAtMs: number
}
