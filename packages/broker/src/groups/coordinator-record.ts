import {
  type ConsumerGroupCurrentMemberAssignmentKey,
  consumerGroupCurrentMemberAssignmentKeyCodec,
} from '../generated/consumer-group-current-member-assignment-key.js'
import {
  type ConsumerGroupCurrentMemberAssignmentValue,
  consumerGroupCurrentMemberAssignmentValueCodec,
} from '../generated/consumer-group-current-member-assignment-value.js'
import {
  type ConsumerGroupMemberMetadataKey,
  consumerGroupMemberMetadataKeyCodec,
} from '../generated/consumer-group-member-metadata-key.js'
import {
  type ConsumerGroupMemberMetadataValue,
  consumerGroupMemberMetadataValueCodec,
} from '../generated/consumer-group-member-metadata-value.js'
import {
  type ConsumerGroupMetadataKey,
  consumerGroupMetadataKeyCodec,
} from '../generated/consumer-group-metadata-key.js'
import {
  type ConsumerGroupMetadataValue,
  consumerGroupMetadataValueCodec,
} from '../generated/consumer-group-metadata-value.js'
import {
  type ConsumerGroupTargetAssignmentMemberKey,
  consumerGroupTargetAssignmentMemberKeyCodec,
} from '../generated/consumer-group-target-assignment-member-key.js'
import {
  type ConsumerGroupTargetAssignmentMemberValue,
  consumerGroupTargetAssignmentMemberValueCodec,
} from '../generated/consumer-group-target-assignment-member-value.js'
import {
  type ConsumerGroupTargetAssignmentMetadataKey,
  consumerGroupTargetAssignmentMetadataKeyCodec,
} from '../generated/consumer-group-target-assignment-metadata-key.js'
import {
  type ConsumerGroupTargetAssignmentMetadataValue,
  consumerGroupTargetAssignmentMetadataValueCodec,
} from '../generated/consumer-group-target-assignment-metadata-value.js'
import { type GroupMetadataKey, groupMetadataKeyCodec } from '../generated/group-metadata-key.js'
import { type GroupMetadataValue, groupMetadataValueCodec } from '../generated/group-metadata-value.js'
import { type OffsetCommitKey, offsetCommitKeyCodec } from '../generated/offset-commit-key.js'
import { type OffsetCommitValue, offsetCommitValueCodec } from '../generated/offset-commit-value.js'
import type { KeyValue } from '../log/key-value-batch.js'
import type { Codec } from '../protocol/codec.js'
import { Reader } from '../protocol/reader.js'
import { Writer } from '../protocol/writer.js'

interface RecordTypes {
  offset: [OffsetCommitKey, OffsetCommitValue]
  classicGroup: [GroupMetadataKey, GroupMetadataValue]
  group: [ConsumerGroupMetadataKey, ConsumerGroupMetadataValue]
  member: [ConsumerGroupMemberMetadataKey, ConsumerGroupMemberMetadataValue]
  assignmentEpoch: [ConsumerGroupTargetAssignmentMetadataKey, ConsumerGroupTargetAssignmentMetadataValue]
  target: [ConsumerGroupTargetAssignmentMemberKey, ConsumerGroupTargetAssignmentMemberValue]
  current: [ConsumerGroupCurrentMemberAssignmentKey, ConsumerGroupCurrentMemberAssignmentValue]
}

type Kind = keyof RecordTypes
type Key<K extends Kind> = RecordTypes[K][0]
type Value<K extends Kind> = RecordTypes[K][1]

/**
 * One change of the coordinator's state; a null value takes the thing away. The state is nothing but these records applied
 * in order, so what a crash leaves in the log is what the next process knows.
 */
export type CoordinatorRecord = {
  [K in Kind]: { readonly kind: K; readonly key: Key<K>; readonly value: Value<K> | null }
}[Kind]

interface Layout<K extends Kind> {
  /** The number before the key (Kafka: CoordinatorRecordType). */
  readonly type: number
  readonly key: Codec<Key<K>>
  readonly value: Codec<Value<K>>
  /** The value version that is written; every version is read. */
  readonly version: number
}

const LAYOUTS: { readonly [K in Kind]: Layout<K> } = {
  offset: { type: 1, key: offsetCommitKeyCodec, value: offsetCommitValueCodec, version: 4 },
  classicGroup: { type: 2, key: groupMetadataKeyCodec, value: groupMetadataValueCodec, version: 3 },
  group: { type: 3, key: consumerGroupMetadataKeyCodec, value: consumerGroupMetadataValueCodec, version: 0 },
  member: {
    type: 5,
    key: consumerGroupMemberMetadataKeyCodec,
    value: consumerGroupMemberMetadataValueCodec,
    version: 0,
  },
  assignmentEpoch: {
    type: 6,
    key: consumerGroupTargetAssignmentMetadataKeyCodec,
    value: consumerGroupTargetAssignmentMetadataValueCodec,
    version: 0,
  },
  target: {
    type: 7,
    key: consumerGroupTargetAssignmentMemberKeyCodec,
    value: consumerGroupTargetAssignmentMemberValueCodec,
    version: 0,
  },
  current: {
    type: 8,
    key: consumerGroupCurrentMemberAssignmentKeyCodec,
    value: consumerGroupCurrentMemberAssignmentValueCodec,
    version: 0,
  },
}

/** A record in the bytes Kafka keeps in __consumer_offsets: type and key, version and value. */
export function encodeRecord(record: CoordinatorRecord): KeyValue {
  return encode(record.kind, record.key, record.value)
}

function encode<K extends Kind>(kind: K, key: Key<K>, value: Value<K> | null): KeyValue {
  const layout = LAYOUTS[kind]
  // Version 1 alone has an expiry of its own (OffsetCommit before version 5 may ask for one).
  const expires = kind === 'offset' && value !== null && (value as OffsetCommitValue).expireTimestamp >= 0n
  return {
    key: bytesOf(layout.key, 0, layout.type, key),
    value:
      value === null ? null : bytesOf(layout.value, expires ? 1 : layout.version, expires ? 1 : layout.version, value),
  }
}

/** What a record says; undefined for a type this broker does not write (a newer one skips what it does not know, too). */
export function decodeRecord({ key, value }: KeyValue): CoordinatorRecord | undefined {
  const type = key.readInt16BE(0)
  const kind = KINDS.find((k) => LAYOUTS[k].type === type)
  return kind === undefined ? undefined : decode(kind, key, value)
}

const KINDS = Object.keys(LAYOUTS) as Kind[]

function decode<K extends Kind>(kind: K, key: Buffer, value: Buffer | null): CoordinatorRecord {
  const layout = LAYOUTS[kind]
  const record = {
    kind,
    key: layout.key.read(new Reader(key.subarray(2)), 0),
    value: value === null ? null : layout.value.read(new Reader(value.subarray(2)), value.readInt16BE(0)),
  }
  // K is one kind, so this is that kind's record; TypeScript cannot follow a mapped type back to the union.
  return record as unknown as CoordinatorRecord
}

function bytesOf<T>(codec: Codec<T>, version: number, prefix: number, message: T): Buffer {
  const writer = new Writer()
  writer.int16(prefix)
  codec.write(writer, version, message)
  return Buffer.concat(writer.parts())
}
