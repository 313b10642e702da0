import type { Codec } from './codec.js'
import { WaybillError } from './errors.js'
import { headerName, parseHeader } from './header.js'
import type { WaybillHeader } from './header.js'
import type { Header } from './message.js'

/** The record as it was read. */
export interface ReceivedRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  /** Leader epoch of its batch; with the offset it names the record even after a truncation. -1 unknown. */
  readonly leaderEpoch: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly Header[]
}

/** A message as a handler gets it. `value` is bytes; the readers below decode on demand, so that a bad value fails its handler only. */
export class ReceivedMessage implements ReceivedRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly leaderEpoch: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly Header[]
  readonly #codec: Codec
  /** null: not looked at yet. */
  #waybill: WaybillHeader | undefined | null = null

  constructor(record: ReceivedRecord, codec: Codec) {
    this.topic = record.topic
    this.partition = record.partition
    this.offset = record.offset
    this.timestampMs = record.timestampMs
    this.leaderEpoch = record.leaderEpoch
    this.key = record.key
    this.value = record.value
    this.headers = record.headers
    this.#codec = codec
  }

  /** What the `waybill` header says; `undefined` for records of other producers. */
  get waybill(): WaybillHeader | undefined {
    if (this.#waybill !== null) return this.#waybill
    const own = this.header(headerName)
    this.#waybill = own === undefined ? undefined : parseHeader(Buffer.from(own).toString('latin1'))
    return this.#waybill
  }

  /** The last header of this name, as Kafka's `lastHeader` does. */
  header(name: string): Uint8Array | undefined {
    for (let at = this.headers.length - 1; at >= 0; at--)
      if (this.headers[at]?.[0] === name) return this.headers[at]?.[1]
    return undefined
  }

  /** The value as UTF-8 text; empty for a tombstone. */
  text(): string {
    return Buffer.from(this.value ?? []).toString('utf8')
  }

  /** The value as JSON, `null` for a tombstone. Throws WB_CODEC_FAILED when it is none. */
  json<T>(): T {
    return this.#decode(() => JSON.parse(this.text()) as unknown) as T
  }

  /** The value through the topic's codec, `null` for a tombstone. Throws WB_CODEC_FAILED. */
  decoded<T>(): T {
    return this.#decode((bytes) => this.#codec.decode(bytes, this.topic)) as T
  }

  #decode(decode: (bytes: Uint8Array) => unknown): unknown {
    if (this.value === null) return null
    try {
      return decode(this.value)
    } catch (cause) {
      const place = `${this.topic}/${this.partition} offset ${this.offset}`
      throw new WaybillError('WB_CODEC_FAILED', `the value at ${place} cannot be decoded`, { cause })
    }
  }
}
