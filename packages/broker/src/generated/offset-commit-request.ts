// Generated from OffsetCommitRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import { ZERO_UUID } from '../protocol/uuid.js'
import type { Writer } from '../protocol/writer.js'

export interface OffsetCommitRequestPartition {
  /** The partition index. (versions 0+) */
  partitionIndex: number
  /** The message offset to be committed. (versions 0+) */
  committedOffset: bigint
  /** The leader epoch of this partition. (versions 6+) */
  committedLeaderEpoch: number
  /** Any associated metadata the client wants to keep. (versions 0+) */
  committedMetadata: string | null
}

/** A OffsetCommitRequestPartition with the schema's defaults where `fields` says nothing. */
export function offsetCommitRequestPartition(fields: Partial<OffsetCommitRequestPartition> = {}): OffsetCommitRequestPartition {
  return { partitionIndex: 0, committedOffset: 0n, committedLeaderEpoch: -1, committedMetadata: '', ...fields }
}

function readOffsetCommitRequestPartition(reader: Reader, version: number): OffsetCommitRequestPartition {
  const flexible = version >= 8
  const m = offsetCommitRequestPartition()
  m.partitionIndex = reader.int32()
  m.committedOffset = reader.int64()
  if (version >= 6) m.committedLeaderEpoch = reader.int32()
  m.committedMetadata = reader.nullableString(flexible, true)
  if (flexible) reader.skipTags()
  return m
}

function writeOffsetCommitRequestPartition(writer: Writer, version: number, m: OffsetCommitRequestPartition): void {
  const flexible = version >= 8
  writer.int32(m.partitionIndex)
  writer.int64(m.committedOffset)
  if (version >= 6) writer.int32(m.committedLeaderEpoch)
  writer.nullableString(m.committedMetadata, flexible, true)
  if (flexible) writer.noTags()
}

export interface OffsetCommitRequestTopic {
  /** The topic name. (versions 0-9) */
  name: string
  /** The topic ID. (versions 10+) */
  topicId: string
  /** Each partition to commit offsets for. (versions 0+) */
  partitions: OffsetCommitRequestPartition[]
}

/** A OffsetCommitRequestTopic with the schema's defaults where `fields` says nothing. */
export function offsetCommitRequestTopic(fields: Partial<OffsetCommitRequestTopic> = {}): OffsetCommitRequestTopic {
  return { name: '', topicId: ZERO_UUID, partitions: [], ...fields }
}

function readOffsetCommitRequestTopic(reader: Reader, version: number): OffsetCommitRequestTopic {
  const flexible = version >= 8
  const m = offsetCommitRequestTopic()
  if (version <= 9) m.name = reader.string(flexible)
  if (version >= 10) m.topicId = reader.uuid()
  m.partitions = reader.array(flexible, () => readOffsetCommitRequestPartition(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeOffsetCommitRequestTopic(writer: Writer, version: number, m: OffsetCommitRequestTopic): void {
  const flexible = version >= 8
  if (version <= 9) writer.string(m.name, flexible)
  if (version >= 10) writer.uuid(m.topicId)
  writer.array(m.partitions, flexible, (item) => writeOffsetCommitRequestPartition(writer, version, item))
  if (flexible) writer.noTags()
}

export interface OffsetCommitRequest {
  /** The unique group identifier. (versions 0+) */
  groupId: string
  /** The generation of the group if using the classic group protocol or the member epoch if using the consumer protocol. (versions 1+) */
  generationIdOrMemberEpoch: number
  /** The member ID assigned by the group coordinator. (versions 1+) */
  memberId: string
  /** The unique identifier of the consumer instance provided by end user. (versions 7+) */
  groupInstanceId: string | null
  /** The time period in ms to retain the offset. (versions 2-4) */
  retentionTimeMs: bigint
  /** The topics to commit offsets for. (versions 0+) */
  topics: OffsetCommitRequestTopic[]
}

/** A OffsetCommitRequest with the schema's defaults where `fields` says nothing. */
export function offsetCommitRequest(fields: Partial<OffsetCommitRequest> = {}): OffsetCommitRequest {
  return { groupId: '', generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null, retentionTimeMs: -1n, topics: [], ...fields }
}

function readOffsetCommitRequest(reader: Reader, version: number): OffsetCommitRequest {
  const flexible = version >= 8
  const m = offsetCommitRequest()
  m.groupId = reader.string(flexible)
  m.generationIdOrMemberEpoch = reader.int32()
  m.memberId = reader.string(flexible)
  if (version >= 7) m.groupInstanceId = reader.nullableString(flexible, true)
  if (version <= 4) m.retentionTimeMs = reader.int64()
  m.topics = reader.array(flexible, () => readOffsetCommitRequestTopic(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeOffsetCommitRequest(writer: Writer, version: number, m: OffsetCommitRequest): void {
  const flexible = version >= 8
  writer.string(m.groupId, flexible)
  writer.int32(m.generationIdOrMemberEpoch)
  writer.string(m.memberId, flexible)
  if (version >= 7) writer.nullableString(m.groupInstanceId, flexible, true)
  if (version <= 4) writer.int64(m.retentionTimeMs)
  writer.array(m.topics, flexible, (item) => writeOffsetCommitRequestTopic(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes OffsetCommitRequest, versions 2 to 10, flexible from 8. */
export const offsetCommitRequestCodec: Codec<OffsetCommitRequest> = {
  name: 'OffsetCommitRequest',
  apiKey: 8,
  minVersion: 2,
  maxVersion: 10,
  maxStableVersion: 10,
  flexibleFrom: 8,
  read: readOffsetCommitRequest,
  write: writeOffsetCommitRequest,
}
