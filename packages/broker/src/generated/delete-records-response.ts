// Generated from DeleteRecordsResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface DeleteRecordsPartitionResult {
  /** The partition index. (versions 0+) */
  partitionIndex: number
  /** The partition low water mark. (versions 0+) */
  lowWatermark: bigint
  /** The deletion error code, or 0 if the deletion succeeded. (versions 0+) */
  errorCode: number
}

/** A DeleteRecordsPartitionResult with the schema's defaults where `fields` says nothing. */
export function deleteRecordsPartitionResult(fields: Partial<DeleteRecordsPartitionResult> = {}): DeleteRecordsPartitionResult {
  return { partitionIndex: 0, lowWatermark: 0n, errorCode: 0, ...fields }
}

function readDeleteRecordsPartitionResult(reader: Reader, version: number): DeleteRecordsPartitionResult {
  const flexible = version >= 2
  const m = deleteRecordsPartitionResult()
  m.partitionIndex = reader.int32()
  m.lowWatermark = reader.int64()
  m.errorCode = reader.int16()
  if (flexible) reader.skipTags()
  return m
}

function writeDeleteRecordsPartitionResult(writer: Writer, version: number, m: DeleteRecordsPartitionResult): void {
  const flexible = version >= 2
  writer.int32(m.partitionIndex)
  writer.int64(m.lowWatermark)
  writer.int16(m.errorCode)
  if (flexible) writer.noTags()
}

export interface DeleteRecordsTopicResult {
  /** The topic name. (versions 0+) */
  name: string
  /** Each partition that we wanted to delete records from. (versions 0+) */
  partitions: DeleteRecordsPartitionResult[]
}

/** A DeleteRecordsTopicResult with the schema's defaults where `fields` says nothing. */
export function deleteRecordsTopicResult(fields: Partial<DeleteRecordsTopicResult> = {}): DeleteRecordsTopicResult {
  return { name: '', partitions: [], ...fields }
}

function readDeleteRecordsTopicResult(reader: Reader, version: number): DeleteRecordsTopicResult {
  const flexible = version >= 2
  const m = deleteRecordsTopicResult()
  m.name = reader.string(flexible)
  m.partitions = reader.array(flexible, () => readDeleteRecordsPartitionResult(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeDeleteRecordsTopicResult(writer: Writer, version: number, m: DeleteRecordsTopicResult): void {
  const flexible = version >= 2
  writer.string(m.name, flexible)
  writer.array(m.partitions, flexible, (item) => writeDeleteRecordsPartitionResult(writer, version, item))
  if (flexible) writer.noTags()
}

export interface DeleteRecordsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number
  /** Each topic that we wanted to delete records from. (versions 0+) */
  topics: DeleteRecordsTopicResult[]
}

/** A DeleteRecordsResponse with the schema's defaults where `fields` says nothing. */
export function deleteRecordsResponse(fields: Partial<DeleteRecordsResponse> = {}): DeleteRecordsResponse {
  return { throttleTimeMs: 0, topics: [], ...fields }
}

function readDeleteRecordsResponse(reader: Reader, version: number): DeleteRecordsResponse {
  const flexible = version >= 2
  const m = deleteRecordsResponse()
  m.throttleTimeMs = reader.int32()
  m.topics = reader.array(flexible, () => readDeleteRecordsTopicResult(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeDeleteRecordsResponse(writer: Writer, version: number, m: DeleteRecordsResponse): void {
  const flexible = version >= 2
  writer.int32(m.throttleTimeMs)
  writer.array(m.topics, flexible, (item) => writeDeleteRecordsTopicResult(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes DeleteRecordsResponse, versions 0 to 2, flexible from 2. */
export const deleteRecordsResponseCodec: Codec<DeleteRecordsResponse> = {
  name: 'DeleteRecordsResponse',
  apiKey: 21,
  minVersion: 0,
  maxVersion: 2,
  maxStableVersion: 2,
  flexibleFrom: 2,
  read: readDeleteRecordsResponse,
  write: writeDeleteRecordsResponse,
}
