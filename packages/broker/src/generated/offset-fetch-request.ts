// Generated from OffsetFetchRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import { ZERO_UUID } from '../protocol/uuid.js'
import type { Writer } from '../protocol/writer.js'

export interface OffsetFetchRequestTopic {
  /** The topic name. (versions 0-7) */
  name: string
  /** The partition indexes we would like to fetch offsets for. (versions 0-7) */
  partitionIndexes: number[]
}

/** A OffsetFetchRequestTopic with the schema's defaults where `fields` says nothing. */
export function offsetFetchRequestTopic(fields: Partial<OffsetFetchRequestTopic> = {}): OffsetFetchRequestTopic {
  return { name: '', partitionIndexes: [], ...fields }
}

function readOffsetFetchRequestTopic(reader: Reader, version: number): OffsetFetchRequestTopic {
  const flexible = version >= 6
  const m = offsetFetchRequestTopic()
  if (version <= 7) m.name = reader.string(flexible)
  if (version <= 7) m.partitionIndexes = reader.array(flexible, () => reader.int32())
  if (flexible) reader.skipTags()
  return m
}

function writeOffsetFetchRequestTopic(writer: Writer, version: number, m: OffsetFetchRequestTopic): void {
  const flexible = version >= 6
  if (version <= 7) writer.string(m.name, flexible)
  if (version <= 7) writer.array(m.partitionIndexes, flexible, (item) => writer.int32(item))
  if (flexible) writer.noTags()
}

export interface OffsetFetchRequestTopics {
  /** The topic name. (versions 8-9) */
  name: string
  /** The topic ID. (versions 10+) */
  topicId: string
  /** The partition indexes we would like to fetch offsets for. (versions 8+) */
  partitionIndexes: number[]
}

/** A OffsetFetchRequestTopics with the schema's defaults where `fields` says nothing. */
export function offsetFetchRequestTopics(fields: Partial<OffsetFetchRequestTopics> = {}): OffsetFetchRequestTopics {
  return { name: '', topicId: ZERO_UUID, partitionIndexes: [], ...fields }
}

function readOffsetFetchRequestTopics(reader: Reader, version: number): OffsetFetchRequestTopics {
  const flexible = version >= 6
  const m = offsetFetchRequestTopics()
  if (version >= 8 && version <= 9) m.name = reader.string(flexible)
  if (version >= 10) m.topicId = reader.uuid()
  if (version >= 8) m.partitionIndexes = reader.array(flexible, () => reader.int32())
  if (flexible) reader.skipTags()
  return m
}

function writeOffsetFetchRequestTopics(writer: Writer, version: number, m: OffsetFetchRequestTopics): void {
  const flexible = version >= 6
  if (version >= 8 && version <= 9) writer.string(m.name, flexible)
  if (version >= 10) writer.uuid(m.topicId)
  if (version >= 8) writer.array(m.partitionIndexes, flexible, (item) => writer.int32(item))
  if (flexible) writer.noTags()
}

export interface OffsetFetchRequestGroup {
  /** The group ID. (versions 8+) */
  groupId: string
  /** The member id. (versions 9+) */
  memberId: string | null
  /** The member epoch if using the new consumer protocol (KIP-848). (versions 9+) */
  memberEpoch: number
  /** Each topic we would like to fetch offsets for, or null to fetch offsets for all topics. (versions 8+) */
  topics: OffsetFetchRequestTopics[] | null
}

/** A OffsetFetchRequestGroup with the schema's defaults where `fields` says nothing. */
export function offsetFetchRequestGroup(fields: Partial<OffsetFetchRequestGroup> = {}): OffsetFetchRequestGroup {
  return { groupId: '', memberId: null, memberEpoch: -1, topics: [], ...fields }
}

function readOffsetFetchRequestGroup(reader: Reader, version: number): OffsetFetchRequestGroup {
  const flexible = version >= 6
  const m = offsetFetchRequestGroup()
  if (version >= 8) m.groupId = reader.string(flexible)
  if (version >= 9) m.memberId = reader.nullableString(flexible, true)
  if (version >= 9) m.memberEpoch = reader.int32()
  if (version >= 8) m.topics = reader.nullableArray(flexible, true, () => readOffsetFetchRequestTopics(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeOffsetFetchRequestGroup(writer: Writer, version: number, m: OffsetFetchRequestGroup): void {
  const flexible = version >= 6
  if (version >= 8) writer.string(m.groupId, flexible)
  if (version >= 9) writer.nullableString(m.memberId, flexible, true)
  if (version >= 9) writer.int32(m.memberEpoch)
  if (version >= 8) writer.nullableArray(m.topics, flexible, true, (item) => writeOffsetFetchRequestTopics(writer, version, item))
  if (flexible) writer.noTags()
}

export interface OffsetFetchRequest {
  /** The group to fetch offsets for. (versions 0-7) */
  groupId: string
  /** Each topic we would like to fetch offsets for, or null to fetch offsets for all topics. (versions 0-7) */
  topics: OffsetFetchRequestTopic[] | null
  /** Each group we would like to fetch offsets for. (versions 8+) */
  groups: OffsetFetchRequestGroup[]
  /** Whether broker should hold on returning unstable offsets but set a retriable error code for the partitions. (versions 7+) */
  requireStable: boolean
}

/** A OffsetFetchRequest with the schema's defaults where `fields` says nothing. */
export function offsetFetchRequest(fields: Partial<OffsetFetchRequest> = {}): OffsetFetchRequest {
  return { groupId: '', topics: [], groups: [], requireStable: false, ...fields }
}

function readOffsetFetchRequest(reader: Reader, version: number): OffsetFetchRequest {
  const flexible = version >= 6
  const m = offsetFetchRequest()
  if (version <= 7) m.groupId = reader.string(flexible)
  if (version <= 7) m.topics = reader.nullableArray(flexible, version >= 2, () => readOffsetFetchRequestTopic(reader, version))
  if (version >= 8) m.groups = reader.array(flexible, () => readOffsetFetchRequestGroup(reader, version))
  if (version >= 7) m.requireStable = reader.bool()
  if (flexible) reader.skipTags()
  return m
}

function writeOffsetFetchRequest(writer: Writer, version: number, m: OffsetFetchRequest): void {
  const flexible = version >= 6
  if (version <= 7) writer.string(m.groupId, flexible)
  if (version <= 7) writer.nullableArray(m.topics, flexible, version >= 2, (item) => writeOffsetFetchRequestTopic(writer, version, item))
  if (version >= 8) writer.array(m.groups, flexible, (item) => writeOffsetFetchRequestGroup(writer, version, item))
  if (version >= 7) writer.bool(m.requireStable)
  if (flexible) writer.noTags()
}

/** Reads and writes OffsetFetchRequest, versions 1 to 10, flexible from 6. */
export const offsetFetchRequestCodec: Codec<OffsetFetchRequest> = {
  name: 'OffsetFetchRequest',
  apiKey: 9,
  minVersion: 1,
  maxVersion: 10,
  maxStableVersion: 10,
  flexibleFrom: 6,
  read: readOffsetFetchRequest,
  write: writeOffsetFetchRequest,
}
