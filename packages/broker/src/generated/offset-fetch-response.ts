// Generated from OffsetFetchResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import { ZERO_UUID } from '../protocol/uuid.js'
import type { Writer } from '../protocol/writer.js'

export interface OffsetFetchResponsePartition {
  /** The partition index. (versions 0-7) */
  partitionIndex: number
  /** The committed message offset. (versions 0-7) */
  committedOffset: bigint
  /** The leader epoch. (versions 5-7) */
  committedLeaderEpoch: number
  /** The partition metadata. (versions 0-7) */
  metadata: string | null
  /** The error code, or 0 if there was no error. (versions 0-7) */
  errorCode: number
}

/** A OffsetFetchResponsePartition with the schema's defaults where `fields` says nothing. */
export function offsetFetchResponsePartition(fields: Partial<OffsetFetchResponsePartition> = {}): OffsetFetchResponsePartition {
  return { partitionIndex: 0, committedOffset: 0n, committedLeaderEpoch: -1, metadata: '', errorCode: 0, ...fields }
}

function readOffsetFetchResponsePartition(reader: Reader, version: number): OffsetFetchResponsePartition {
  const flexible = version >= 6
  const m = offsetFetchResponsePartition()
  if (version <= 7) m.partitionIndex = reader.int32()
  if (version <= 7) m.committedOffset = reader.int64()
  if (version >= 5 && version <= 7) m.committedLeaderEpoch = reader.int32()
  if (version <= 7) m.metadata = reader.nullableString(flexible, true)
  if (version <= 7) m.errorCode = reader.int16()
  if (flexible) reader.skipTags()
  return m
}

function writeOffsetFetchResponsePartition(writer: Writer, version: number, m: OffsetFetchResponsePartition): void {
  const flexible = version >= 6
  if (version <= 7) writer.int32(m.partitionIndex)
  if (version <= 7) writer.int64(m.committedOffset)
  if (version >= 5 && version <= 7) writer.int32(m.committedLeaderEpoch)
  if (version <= 7) writer.nullableString(m.metadata, flexible, true)
  if (version <= 7) writer.int16(m.errorCode)
  if (flexible) writer.noTags()
}

export interface OffsetFetchResponseTopic {
  /** The topic name. (versions 0-7) */
  name: string
  /** The responses per partition. (versions 0-7) */
  partitions: OffsetFetchResponsePartition[]
}

/** A OffsetFetchResponseTopic with the schema's defaults where `fields` says nothing. */
export function offsetFetchResponseTopic(fields: Partial<OffsetFetchResponseTopic> = {}): OffsetFetchResponseTopic {
  return { name: '', partitions: [], ...fields }
}

function readOffsetFetchResponseTopic(reader: Reader, version: number): OffsetFetchResponseTopic {
  const flexible = version >= 6
  const m = offsetFetchResponseTopic()
  if (version <= 7) m.name = reader.string(flexible)
  if (version <= 7) m.partitions = reader.array(flexible, () => readOffsetFetchResponsePartition(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeOffsetFetchResponseTopic(writer: Writer, version: number, m: OffsetFetchResponseTopic): void {
  const flexible = version >= 6
  if (version <= 7) writer.string(m.name, flexible)
  if (version <= 7) writer.array(m.partitions, flexible, (item) => writeOffsetFetchResponsePartition(writer, version, item))
  if (flexible) writer.noTags()
}

export interface OffsetFetchResponsePartitions {
  /** The partition index. (versions 8+) */
  partitionIndex: number
  /** The committed message offset. (versions 8+) */
  committedOffset: bigint
  /** The leader epoch. (versions 8+) */
  committedLeaderEpoch: number
  /** The partition metadata. (versions 8+) */
  metadata: string | null
  /** The partition-level error code, or 0 if there was no error. (versions 8+) */
  errorCode: number
}

/** A OffsetFetchResponsePartitions with the schema's defaults where `fields` says nothing. */
export function offsetFetchResponsePartitions(fields: Partial<OffsetFetchResponsePartitions> = {}): OffsetFetchResponsePartitions {
  return { partitionIndex: 0, committedOffset: 0n, committedLeaderEpoch: -1, metadata: '', errorCode: 0, ...fields }
}

function readOffsetFetchResponsePartitions(reader: Reader, version: number): OffsetFetchResponsePartitions {
  const flexible = version >= 6
  const m = offsetFetchResponsePartitions()
  if (version >= 8) m.partitionIndex = reader.int32()
  if (version >= 8) m.committedOffset = reader.int64()
  if (version >= 8) m.committedLeaderEpoch = reader.int32()
  if (version >= 8) m.metadata = reader.nullableString(flexible, true)
  if (version >= 8) m.errorCode = reader.int16()
  if (flexible) reader.skipTags()
  return m
}

function writeOffsetFetchResponsePartitions(writer: Writer, version: number, m: OffsetFetchResponsePartitions): void {
  const flexible = version >= 6
  if (version >= 8) writer.int32(m.partitionIndex)
  if (version >= 8) writer.int64(m.committedOffset)
  if (version >= 8) writer.int32(m.committedLeaderEpoch)
  if (version >= 8) writer.nullableString(m.metadata, flexible, true)
  if (version >= 8) writer.int16(m.errorCode)
  if (flexible) writer.noTags()
}

export interface OffsetFetchResponseTopics {
  /** The topic name. (versions 8-9) */
  name: string
  /** The topic ID. (versions 10+) */
  topicId: string
  /** The responses per partition. (versions 8+) */
  partitions: OffsetFetchResponsePartitions[]
}

/** A OffsetFetchResponseTopics with the schema's defaults where `fields` says nothing. */
export function offsetFetchResponseTopics(fields: Partial<OffsetFetchResponseTopics> = {}): OffsetFetchResponseTopics {
  return { name: '', topicId: ZERO_UUID, partitions: [], ...fields }
}

function readOffsetFetchResponseTopics(reader: Reader, version: number): OffsetFetchResponseTopics {
  const flexible = version >= 6
  const m = offsetFetchResponseTopics()
  if (version >= 8 && version <= 9) m.name = reader.string(flexible)
  if (version >= 10) m.topicId = reader.uuid()
  if (version >= 8) m.partitions = reader.array(flexible, () => readOffsetFetchResponsePartitions(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeOffsetFetchResponseTopics(writer: Writer, version: number, m: OffsetFetchResponseTopics): void {
  const flexible = version >= 6
  if (version >= 8 && version <= 9) writer.string(m.name, flexible)
  if (version >= 10) writer.uuid(m.topicId)
  if (version >= 8) writer.array(m.partitions, flexible, (item) => writeOffsetFetchResponsePartitions(writer, version, item))
  if (flexible) writer.noTags()
}

export interface OffsetFetchResponseGroup {
  /** The group ID. (versions 8+) */
  groupId: string
  /** The responses per topic. (versions 8+) */
  topics: OffsetFetchResponseTopics[]
  /** The group-level error code, or 0 if there was no error. (versions 8+) */
  errorCode: number
}

/** A OffsetFetchResponseGroup with the schema's defaults where `fields` says nothing. */
export function offsetFetchResponseGroup(fields: Partial<OffsetFetchResponseGroup> = {}): OffsetFetchResponseGroup {
  return { groupId: '', topics: [], errorCode: 0, ...fields }
}

function readOffsetFetchResponseGroup(reader: Reader, version: number): OffsetFetchResponseGroup {
  const flexible = version >= 6
  const m = offsetFetchResponseGroup()
  if (version >= 8) m.groupId = reader.string(flexible)
  if (version >= 8) m.topics = reader.array(flexible, () => readOffsetFetchResponseTopics(reader, version))
  if (version >= 8) m.errorCode = reader.int16()
  if (flexible) reader.skipTags()
  return m
}

function writeOffsetFetchResponseGroup(writer: Writer, version: number, m: OffsetFetchResponseGroup): void {
  const flexible = version >= 6
  if (version >= 8) writer.string(m.groupId, flexible)
  if (version >= 8) writer.array(m.topics, flexible, (item) => writeOffsetFetchResponseTopics(writer, version, item))
  if (version >= 8) writer.int16(m.errorCode)
  if (flexible) writer.noTags()
}

export interface OffsetFetchResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 3+) */
  throttleTimeMs: number
  /** The responses per topic. (versions 0-7) */
  topics: OffsetFetchResponseTopic[]
  /** The top-level error code, or 0 if there was no error. (versions 2-7) */
  errorCode: number
  /** The responses per group id. (versions 8+) */
  groups: OffsetFetchResponseGroup[]
}

/** A OffsetFetchResponse with the schema's defaults where `fields` says nothing. */
export function offsetFetchResponse(fields: Partial<OffsetFetchResponse> = {}): OffsetFetchResponse {
  return { throttleTimeMs: 0, topics: [], errorCode: 0, groups: [], ...fields }
}

function readOffsetFetchResponse(reader: Reader, version: number): OffsetFetchResponse {
  const flexible = version >= 6
  const m = offsetFetchResponse()
  if (version >= 3) m.throttleTimeMs = reader.int32()
  if (version <= 7) m.topics = reader.array(flexible, () => readOffsetFetchResponseTopic(reader, version))
  if (version >= 2 && version <= 7) m.errorCode = reader.int16()
  if (version >= 8) m.groups = reader.array(flexible, () => readOffsetFetchResponseGroup(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeOffsetFetchResponse(writer: Writer, version: number, m: OffsetFetchResponse): void {
  const flexible = version >= 6
  if (version >= 3) writer.int32(m.throttleTimeMs)
  if (version <= 7) writer.array(m.topics, flexible, (item) => writeOffsetFetchResponseTopic(writer, version, item))
  if (version >= 2 && version <= 7) writer.int16(m.errorCode)
  if (version >= 8) writer.array(m.groups, flexible, (item) => writeOffsetFetchResponseGroup(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes OffsetFetchResponse, versions 1 to 10, flexible from 6. */
export const offsetFetchResponseCodec: Codec<OffsetFetchResponse> = {
  name: 'OffsetFetchResponse',
  apiKey: 9,
  minVersion: 1,
  maxVersion: 10,
  maxStableVersion: 10,
  flexibleFrom: 6,
  read: readOffsetFetchResponse,
  write: writeOffsetFetchResponse,
}
