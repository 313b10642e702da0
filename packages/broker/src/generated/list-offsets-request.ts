// Generated from ListOffsetsRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface ListOffsetsPartition {
  /** The partition index. (versions 0+) */
  partitionIndex: number
  /** The current leader epoch. (versions 4+) */
  currentLeaderEpoch: number
  /** The current timestamp. (versions 0+) */
  timestamp: bigint
}

/** A ListOffsetsPartition with the schema's defaults where `fields` says nothing. */
export function listOffsetsPartition(fields: Partial<ListOffsetsPartition> = {}): ListOffsetsPartition {
  return { partitionIndex: 0, currentLeaderEpoch: -1, timestamp: 0n, ...fields }
}

function readListOffsetsPartition(reader: Reader, version: number): ListOffsetsPartition {
  const flexible = version >= 6
  const m = listOffsetsPartition()
  m.partitionIndex = reader.int32()
  if (version >= 4) m.currentLeaderEpoch = reader.int32()
  m.timestamp = reader.int64()
  if (flexible) reader.skipTags()
  return m
}

function writeListOffsetsPartition(writer: Writer, version: number, m: ListOffsetsPartition): void {
  const flexible = version >= 6
  writer.int32(m.partitionIndex)
  if (version >= 4) writer.int32(m.currentLeaderEpoch)
  writer.int64(m.timestamp)
  if (flexible) writer.noTags()
}

export interface ListOffsetsTopic {
  /** The topic name. (versions 0+) */
  name: string
  /** Each partition in the request. (versions 0+) */
  partitions: ListOffsetsPartition[]
}

/** A ListOffsetsTopic with the schema's defaults where `fields` says nothing. */
export function listOffsetsTopic(fields: Partial<ListOffsetsTopic> = {}): ListOffsetsTopic {
  return { name: '', partitions: [], ...fields }
}

function readListOffsetsTopic(reader: Reader, version: number): ListOffsetsTopic {
  const flexible = version >= 6
  const m = listOffsetsTopic()
  m.name = reader.string(flexible)
  m.partitions = reader.array(flexible, () => readListOffsetsPartition(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeListOffsetsTopic(writer: Writer, version: number, m: ListOffsetsTopic): void {
  const flexible = version >= 6
  writer.string(m.name, flexible)
  writer.array(m.partitions, flexible, (item) => writeListOffsetsPartition(writer, version, item))
  if (flexible) writer.noTags()
}

export interface ListOffsetsRequest {
  /** The broker ID of the requester, or -1 if this request is being made by a normal consumer. (versions 0+) */
  replicaId: number
  /** This setting controls the visibility of transactional records. Using READ_UNCOMMITTED (isolation_level = 0) makes all records visible. With READ_COMMITTED (isolation_level = 1), non-transactional and COMMITTED transactional records are visible. To be more concrete, READ_COMMITTED returns all data from offsets smaller than the current LSO (last stable offset), and enables the inclusion of the list of aborted transactions in the result, which allows consumers to discard ABORTED transactional records. (versions 2+) */
  isolationLevel: number
  /** Each topic in the request. (versions 0+) */
  topics: ListOffsetsTopic[]
  /** The timeout to await a response in milliseconds for requests that require reading from remote storage for topics enabled with tiered storage. (versions 10+) */
  timeoutMs: number
}

/** A ListOffsetsRequest with the schema's defaults where `fields` says nothing. */
export function listOffsetsRequest(fields: Partial<ListOffsetsRequest> = {}): ListOffsetsRequest {
  return { replicaId: 0, isolationLevel: 0, topics: [], timeoutMs: 0, ...fields }
}

function readListOffsetsRequest(reader: Reader, version: number): ListOffsetsRequest {
  const flexible = version >= 6
  const m = listOffsetsRequest()
  m.replicaId = reader.int32()
  if (version >= 2) m.isolationLevel = reader.int8()
  m.topics = reader.array(flexible, () => readListOffsetsTopic(reader, version))
  if (version >= 10) m.timeoutMs = reader.int32()
  if (flexible) reader.skipTags()
  return m
}

function writeListOffsetsRequest(writer: Writer, version: number, m: ListOffsetsRequest): void {
  const flexible = version >= 6
  writer.int32(m.replicaId)
  if (version >= 2) writer.int8(m.isolationLevel)
  writer.array(m.topics, flexible, (item) => writeListOffsetsTopic(writer, version, item))
  if (version >= 10) writer.int32(m.timeoutMs)
  if (flexible) writer.noTags()
}

/** Reads and writes ListOffsetsRequest, versions 1 to 11, flexible from 6. */
export const listOffsetsRequestCodec: Codec<ListOffsetsRequest> = {
  name: 'ListOffsetsRequest',
  apiKey: 2,
  minVersion: 1,
  maxVersion: 11,
  maxStableVersion: 11,
  flexibleFrom: 6,
  read: readListOffsetsRequest,
  write: writeListOffsetsRequest,
}
