// Generated from ListOffsetsResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface ListOffsetsPartitionResponse {
  /** The partition index. (versions 0+) */
  partitionIndex: number
  /** The partition error code, or 0 if there was no error. (versions 0+) */
  errorCode: number
  /** The timestamp associated with the returned offset. (versions 1+) */
  timestamp: bigint
  /** The returned offset. (versions 1+) */
  offset: bigint
  /** The leader epoch associated with the returned offset. (versions 4+) */
  leaderEpoch: number
}

/** A ListOffsetsPartitionResponse with the schema's defaults where `fields` says nothing. */
export function listOffsetsPartitionResponse(fields: Partial<ListOffsetsPartitionResponse> = {}): ListOffsetsPartitionResponse {
  return { partitionIndex: 0, errorCode: 0, timestamp: -1n, offset: -1n, leaderEpoch: -1, ...fields }
}

function readListOffsetsPartitionResponse(reader: Reader, version: number): ListOffsetsPartitionResponse {
  const flexible = version >= 6
  const m = listOffsetsPartitionResponse()
  m.partitionIndex = reader.int32()
  m.errorCode = reader.int16()
  m.timestamp = reader.int64()
  m.offset = reader.int64()
  if (version >= 4) m.leaderEpoch = reader.int32()
  if (flexible) reader.skipTags()
  return m
}

function writeListOffsetsPartitionResponse(writer: Writer, version: number, m: ListOffsetsPartitionResponse): void {
  const flexible = version >= 6
  writer.int32(m.partitionIndex)
  writer.int16(m.errorCode)
  writer.int64(m.timestamp)
  writer.int64(m.offset)
  if (version >= 4) writer.int32(m.leaderEpoch)
  if (flexible) writer.noTags()
}

export interface ListOffsetsTopicResponse {
  /** The topic name. (versions 0+) */
  name: string
  /** Each partition in the response. (versions 0+) */
  partitions: ListOffsetsPartitionResponse[]
}

/** A ListOffsetsTopicResponse with the schema's defaults where `fields` says nothing. */
export function listOffsetsTopicResponse(fields: Partial<ListOffsetsTopicResponse> = {}): ListOffsetsTopicResponse {
  return { name: '', partitions: [], ...fields }
}

function readListOffsetsTopicResponse(reader: Reader, version: number): ListOffsetsTopicResponse {
  const flexible = version >= 6
  const m = listOffsetsTopicResponse()
  m.name = reader.string(flexible)
  m.partitions = reader.array(flexible, () => readListOffsetsPartitionResponse(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeListOffsetsTopicResponse(writer: Writer, version: number, m: ListOffsetsTopicResponse): void {
  const flexible = version >= 6
  writer.string(m.name, flexible)
  writer.array(m.partitions, flexible, (item) => writeListOffsetsPartitionResponse(writer, version, item))
  if (flexible) writer.noTags()
}

export interface ListOffsetsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 2+) */
  throttleTimeMs: number
  /** Each topic in the response. (versions 0+) */
  topics: ListOffsetsTopicResponse[]
}

/** A ListOffsetsResponse with the schema's defaults where `fields` says nothing. */
export function listOffsetsResponse(fields: Partial<ListOffsetsResponse> = {}): ListOffsetsResponse {
  return { throttleTimeMs: 0, topics: [], ...fields }
}

function readListOffsetsResponse(reader: Reader, version: number): ListOffsetsResponse {
  const flexible = version >= 6
  const m = listOffsetsResponse()
  if (version >= 2) m.throttleTimeMs = reader.int32()
  m.topics = reader.array(flexible, () => readListOffsetsTopicResponse(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeListOffsetsResponse(writer: Writer, version: number, m: ListOffsetsResponse): void {
  const flexible = version >= 6
  if (version >= 2) writer.int32(m.throttleTimeMs)
  writer.array(m.topics, flexible, (item) => writeListOffsetsTopicResponse(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes ListOffsetsResponse, versions 1 to 11, flexible from 6. */
export const listOffsetsResponseCodec: Codec<ListOffsetsResponse> = {
  name: 'ListOffsetsResponse',
  apiKey: 2,
  minVersion: 1,
  maxVersion: 11,
  maxStableVersion: 11,
  flexibleFrom: 6,
  read: readListOffsetsResponse,
  write: writeListOffsetsResponse,
}
