import type { Codec } from '../model/codec.js'
import { jsonCodec } from '../model/codec.js'
import { WaybillError } from '../model/errors.js'
import { reservedPrefix } from '../model/header.js'
import { slotOf } from '../model/lane.js'
import type { Header, Message, SealedMessage } from '../model/message.js'
import { uuidV7 } from '../model/message-id.js'
import { batchOverheadBytes, recordSizeMax } from '../model/record-size.js'
import type { Clock } from '../ports/clock.js'
import type { Random } from '../ports/random.js'

/** Settings that decide how messages are sealed. */
export interface SealOptions {
  readonly lanes: number
  readonly codecOf: (topic: string) => Codec
  /** `max.message.bytes` of a topic as last learned, or Kafka's default. */
  readonly maxMessageBytesOf: (topic: string) => number
  /** False where a topic does without key order. Default: all topics keep it. */
  readonly isOrdered?: (topic: string) => boolean
}

/** Room in a batch for the waybill header, which the relay adds. */
const headerRoomBytes = 160

const topicPattern = /^[A-Za-z0-9._-]{1,249}$/
const fields: ReadonlySet<string> = new Set(['topic', 'key', 'value', 'headers'])

/**
 * Validates and encodes messages before anything is written, so that a bad message fails the business transaction and
 * never reaches the relay. Errors: WB_MESSAGE_INVALID, WB_HEADER_RESERVED, WB_CODEC_FAILED, WB_MESSAGE_TOO_LARGE.
 */
export class Sealer {
  readonly #options: SealOptions
  readonly #clock: Clock
  readonly #random: Random

  constructor(options: SealOptions, ports: { clock: Clock; random: Random }) {
    this.#options = options
    this.#clock = ports.clock
    this.#random = ports.random
  }

  /** The messages as rows, in order; ids rise within one call. */
  seal(messages: readonly Message[]): readonly SealedMessage[] {
    return messages.map((message) => this.#seal(message))
  }

  #seal(message: Message): SealedMessage {
    checkShape(message)
    const { topic } = message
    const key = typeof message.key === 'string' ? Buffer.from(message.key, 'utf8') : (message.key ?? null)
    const value = this.#encode(topic, message.value)
    const headers = encodeHeaders(topic, message.headers)
    const messageId = uuidV7(this.#clock.wallMs(), this.#random.bytes(10))
    this.#checkSize(topic, { key, value, headers })
    const lane = slotOf(key ?? Buffer.from(messageId, 'hex'), this.#options.lanes)
    const sealed = { lane, messageId, topic, key, headers, value }
    return this.#options.isOrdered?.(topic) === false ? { ...sealed, unordered: true } : sealed
  }

  #encode(topic: string, value: unknown): Uint8Array | null {
    if (value === null || value instanceof Uint8Array) return value
    if (typeof value === 'string') return Buffer.from(value, 'utf8')
    if (value === undefined)
      throw new WaybillError(
        'WB_MESSAGE_INVALID',
        `value of a message to ${topic} is undefined; use null for a tombstone`,
      )
    const codec = this.#options.codecOf(topic)
    try {
      return codec.encode(value, topic)
    } catch (cause) {
      throw new WaybillError('WB_CODEC_FAILED', `the codec of topic ${topic} could not encode the value`, { cause })
    }
  }

  #checkSize(topic: string, record: Pick<SealedMessage, 'key' | 'value' | 'headers'>): void {
    const bytes = recordSizeMax(record) + headerRoomBytes + batchOverheadBytes
    const bytesMax = this.#options.maxMessageBytesOf(topic)
    if (bytes > bytesMax)
      throw new WaybillError(
        'WB_MESSAGE_TOO_LARGE',
        `a message to ${topic} takes up to ${bytes} bytes, the topic allows ${bytesMax}; ` +
          'send less, or raise max.message.bytes of the topic (and fetch limits of its consumers)',
        { facts: { topic, bytes, bytesMax } },
      )
  }
}

/** The JSON codec unless the topic has its own. */
export function codecFor(codecs: Readonly<Record<string, { readonly codec?: Codec }>>): (topic: string) => Codec {
  return (topic) => codecs[topic]?.codec ?? jsonCodec
}

function checkShape(message: Message): void {
  const invalid = (what: string): never => {
    throw new WaybillError('WB_MESSAGE_INVALID', what)
  }
  if (!isObject(message)) invalid('a message must be an object { topic, key, value, headers }')
  const { topic, key } = message
  for (const field of Object.keys(message))
    if (!fields.has(field)) invalid(`a message has no field "${field}"; known: topic, key, value, headers`)
  if (!isTopicName(topic))
    invalid(`topic ${JSON.stringify(topic)} is not a Kafka topic name ([A-Za-z0-9._-], 1 to 249 characters)`)
  if (key !== undefined && key !== null && typeof key !== 'string' && !(key instanceof Uint8Array))
    invalid(`key of a message to ${topic} must be text, bytes, null or absent, not ${typeof key}; use String(id)`)
}

/** What Kafka takes for a topic's name. */
export function isTopicName(name: unknown): name is string {
  return typeof name === 'string' && topicPattern.test(name) && name !== '.' && name !== '..'
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

function encodeHeaders(topic: string, headers: Message['headers']): readonly Header[] {
  if (headers === undefined) return []
  return Object.entries(headers).map(([name, value]): Header => {
    if (name.toLowerCase().startsWith(reservedPrefix))
      throw new WaybillError('WB_HEADER_RESERVED', `header "${name}" is reserved (waybill…); rename it`, {
        facts: { topic, header: name },
      })
    if (typeof value === 'string') return [name, Buffer.from(value, 'utf8')]
    if (value instanceof Uint8Array) return [name, value]
    throw new WaybillError('WB_MESSAGE_INVALID', `header "${name}" of a message to ${topic} must be text or bytes`)
  })
}
