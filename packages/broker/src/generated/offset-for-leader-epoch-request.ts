// Generated from OffsetForLeaderEpochRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface OffsetForLeaderPartition {
  /** The partition index. (versions 0+) */
  partition: number
  /** An epoch used to fence consumers/replicas with old metadata. If the epoch provided by the client is larger than the current epoch known to the broker, then the UNKNOWN_LEADER_EPOCH error code will be returned. If the provided epoch is smaller, then the FENCED_LEADER_EPOCH error code will be returned. (versions 2+) */
  currentLeaderEpoch: number
  /** The epoch to look up an offset for. (versions 0+) */
  leaderEpoch: number
}

/** A OffsetForLeaderPartition with the schema's defaults where `fields` says nothing. */
export function offsetForLeaderPartition(fields: Partial<OffsetForLeaderPartition> = {}): OffsetForLeaderPartition {
  return { partition: 0, currentLeaderEpoch: -1, leaderEpoch: 0, ...fields }
}

function readOffsetForLeaderPartition(reader: Reader, version: number): OffsetForLeaderPartition {
  const flexible = version >= 4
  const m = offsetForLeaderPartition()
  m.partition = reader.int32()
  m.currentLeaderEpoch = reader.int32()
  m.leaderEpoch = reader.int32()
  if (flexible) reader.skipTags()
  return m
}

function writeOffsetForLeaderPartition(writer: Writer, version: number, m: OffsetForLeaderPartition): void {
  const flexible = version >= 4
  writer.int32(m.partition)
  writer.int32(m.currentLeaderEpoch)
  writer.int32(m.leaderEpoch)
  if (flexible) writer.noTags()
}

export interface OffsetForLeaderTopic {
  /** The topic name. (versions 0+) */
  topic: string
  /** Each partition to get offsets for. (versions 0+) */
  partitions: OffsetForLeaderPartition[]
}

/** A OffsetForLeaderTopic with the schema's defaults where `fields` says nothing. */
export function offsetForLeaderTopic(fields: Partial<OffsetForLeaderTopic> = {}): OffsetForLeaderTopic {
  return { topic: '', partitions: [], ...fields }
}

function readOffsetForLeaderTopic(reader: Reader, version: number): OffsetForLeaderTopic {
  const flexible = version >= 4
  const m = offsetForLeaderTopic()
  m.topic = reader.string(flexible)
  m.partitions = reader.array(flexible, () => readOffsetForLeaderPartition(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeOffsetForLeaderTopic(writer: Writer, version: number, m: OffsetForLeaderTopic): void {
  const flexible = version >= 4
  writer.string(m.topic, flexible)
  writer.array(m.partitions, flexible, (item) => writeOffsetForLeaderPartition(writer, version, item))
  if (flexible) writer.noTags()
}

export interface OffsetForLeaderEpochRequest {
  /** The broker ID of the follower, of -1 if this request is from a consumer. (versions 3+) */
  replicaId: number
  /** Each topic to get offsets for. (versions 0+) */
  topics: OffsetForLeaderTopic[]
}

/** A OffsetForLeaderEpochRequest with the schema's defaults where `fields` says nothing. */
export function offsetForLeaderEpochRequest(fields: Partial<OffsetForLeaderEpochRequest> = {}): OffsetForLeaderEpochRequest {
  return { replicaId: -2, topics: [], ...fields }
}

function readOffsetForLeaderEpochRequest(reader: Reader, version: number): OffsetForLeaderEpochRequest {
  const flexible = version >= 4
  const m = offsetForLeaderEpochRequest()
  if (version >= 3) m.replicaId = reader.int32()
  m.topics = reader.array(flexible, () => readOffsetForLeaderTopic(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeOffsetForLeaderEpochRequest(writer: Writer, version: number, m: OffsetForLeaderEpochRequest): void {
  const flexible = version >= 4
  if (version >= 3) writer.int32(m.replicaId)
  writer.array(m.topics, flexible, (item) => writeOffsetForLeaderTopic(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes OffsetForLeaderEpochRequest, versions 2 to 4, flexible from 4. */
export const offsetForLeaderEpochRequestCodec: Codec<OffsetForLeaderEpochRequest> = {
  name: 'OffsetForLeaderEpochRequest',
  apiKey: 23,
  minVersion: 2,
  maxVersion: 4,
  maxStableVersion: 4,
  flexibleFrom: 4,
  read: readOffsetForLeaderEpochRequest,
  write: writeOffsetForLeaderEpochRequest,
}
