import { Writer } from '@platformatic/kafka'
import { ByteReader } from '../network/byte-reader.js'

/** A partition by name, as the classic protocol knows it. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** What a member of a classic group tells its leader (`ConsumerProtocolSubscription`). */
export interface Subscription {
  readonly topics: readonly string[]
  /** Partitions the member still holds; nobody else may be given them (KIP-429). */
  readonly owned: readonly TopicPartition[]
  /** The generation in which it got them; -1: none, or a client too old to tell. */
  readonly generation: number
}

const noGeneration = -1
/** Since version 1 with owned partitions, since 2 with their generation (KIP-792), since 3 with a rack, which we have not. */
const subscriptionVersion = 2
/** Versions 0 to 3 have the same fields. */
const assignmentVersion = 0

/**
 * A subscription in the bytes of JoinGroup. The generation is in the user data as well: there members of the assignor
 * `cooperative-sticky` look for it that are older than version 2 (`CooperativeStickyAssignor.subscriptionUserData`).
 */
export function subscriptionBytes({ topics, owned, generation }: Subscription): Buffer {
  const userData = Buffer.alloc(4)
  userData.writeInt32BE(generation)
  const writer = Writer.create()
    .appendInt16(subscriptionVersion)
    .appendArray([...topics].sort(), (w, topic) => w.appendString(topic, false), false, false)
    .appendBytes(userData, false)
  appendPartitions(writer, owned)
  return writer.appendInt32(generation).buffer
}

/** Reads a subscription of any version. Throws a RangeError for bytes that are none. */
export function parseSubscription(bytes: Buffer): Subscription {
  const reader = new ByteReader(bytes)
  const version = reader.int16()
  const topics = list(reader, () => text(reader))
  const userData = reader.bytes(Math.max(0, reader.int32()))
  const owned = version >= 1 ? partitions(reader) : []
  if (version >= 2) return { topics, owned, generation: reader.int32() }
  return { topics, owned, generation: userData.length === 4 ? userData.readInt32BE() : noGeneration }
}

/** What the leader gives a member, in the bytes of SyncGroup (`ConsumerProtocolAssignment`). */
export function assignmentBytes(given: readonly TopicPartition[]): Buffer {
  const writer = Writer.create().appendInt16(assignmentVersion)
  appendPartitions(writer, given)
  return writer.appendBytes(null, false).buffer
}

/** Reads an assignment; no bytes at all are no partitions. Throws a RangeError for bytes that are none. */
export function parseAssignment(bytes: Buffer): TopicPartition[] {
  if (bytes.length === 0) return []
  const reader = new ByteReader(bytes)
  reader.int16()
  return partitions(reader)
}

function appendPartitions(writer: Writer, given: readonly TopicPartition[]): void {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of given) topics.set(topic, [...(topics.get(topic) ?? []), partition])
  const sorted = [...topics].sort(([a], [b]) => (a < b ? -1 : 1))
  writer.appendArray(
    sorted,
    (w, [topic, numbers]) => {
      const ascending = numbers.sort((a, b) => a - b)
      w.appendString(topic, false).appendArray(ascending, (inner, each) => inner.appendInt32(each), false, false)
    },
    false,
    false,
  )
}

function partitions(reader: ByteReader): TopicPartition[] {
  return list(reader, () => {
    const topic = text(reader)
    return list(reader, () => reader.int32()).map((partition) => ({ topic, partition }))
  }).flat()
}

function text(reader: ByteReader): string {
  return reader.bytes(reader.int16()).toString('utf8')
}

/** An array with a length of four bytes; -1 is empty. */
function list<T>(reader: ByteReader, read: () => T): T[] {
  const count = reader.int32()
  const entries: T[] = []
  for (let i = 0; i < count; i++) entries.push(read())
  return entries
}
