// Generated from OffsetDeleteRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface OffsetDeleteRequestPartition {
  /** The partition index. (versions 0+) */
  partitionIndex: number
}

/** A OffsetDeleteRequestPartition with the schema's defaults where `fields` says nothing. */
export function offsetDeleteRequestPartition(fields: Partial<OffsetDeleteRequestPartition> = {}): OffsetDeleteRequestPartition {
  return { partitionIndex: 0, ...fields }
}

function readOffsetDeleteRequestPartition(reader: Reader, _version: number): OffsetDeleteRequestPartition {
  const m = offsetDeleteRequestPartition()
  m.partitionIndex = reader.int32()
  return m
}

function writeOffsetDeleteRequestPartition(writer: Writer, _version: number, m: OffsetDeleteRequestPartition): void {
  writer.int32(m.partitionIndex)
}

export interface OffsetDeleteRequestTopic {
  /** The topic name. (versions 0+) */
  name: string
  /** Each partition to delete offsets for. (versions 0+) */
  partitions: OffsetDeleteRequestPartition[]
}

/** A OffsetDeleteRequestTopic with the schema's defaults where `fields` says nothing. */
export function offsetDeleteRequestTopic(fields: Partial<OffsetDeleteRequestTopic> = {}): OffsetDeleteRequestTopic {
  return { name: '', partitions: [], ...fields }
}

function readOffsetDeleteRequestTopic(reader: Reader, version: number): OffsetDeleteRequestTopic {
  const m = offsetDeleteRequestTopic()
  m.name = reader.string(false)
  m.partitions = reader.array(false, () => readOffsetDeleteRequestPartition(reader, version))
  return m
}

function writeOffsetDeleteRequestTopic(writer: Writer, version: number, m: OffsetDeleteRequestTopic): void {
  writer.string(m.name, false)
  writer.array(m.partitions, false, (item) => writeOffsetDeleteRequestPartition(writer, version, item))
}

export interface OffsetDeleteRequest {
  /** The unique group identifier. (versions 0+) */
  groupId: string
  /** The topics to delete offsets for. (versions 0+) */
  topics: OffsetDeleteRequestTopic[]
}

/** A OffsetDeleteRequest with the schema's defaults where `fields` says nothing. */
export function offsetDeleteRequest(fields: Partial<OffsetDeleteRequest> = {}): OffsetDeleteRequest {
  return { groupId: '', topics: [], ...fields }
}

function readOffsetDeleteRequest(reader: Reader, version: number): OffsetDeleteRequest {
  const m = offsetDeleteRequest()
  m.groupId = reader.string(false)
  m.topics = reader.array(false, () => readOffsetDeleteRequestTopic(reader, version))
  return m
}

function writeOffsetDeleteRequest(writer: Writer, version: number, m: OffsetDeleteRequest): void {
  writer.string(m.groupId, false)
  writer.array(m.topics, false, (item) => writeOffsetDeleteRequestTopic(writer, version, item))
}

/** Reads and writes OffsetDeleteRequest, versions 0 to 0. */
export const offsetDeleteRequestCodec: Codec<OffsetDeleteRequest> = {
  name: 'OffsetDeleteRequest',
  apiKey: 47,
  minVersion: 0,
  maxVersion: 0,
  maxStableVersion: 0,
  flexibleFrom: Number.POSITIVE_INFINITY,
  read: readOffsetDeleteRequest,
  write: writeOffsetDeleteRequest,
}
