// Generated from OffsetDeleteResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface OffsetDeleteResponsePartition {
  /** The partition index. (versions 0+) */
  partitionIndex: number
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number
}

/** A OffsetDeleteResponsePartition with the schema's defaults where `fields` says nothing. */
export function offsetDeleteResponsePartition(fields: Partial<OffsetDeleteResponsePartition> = {}): OffsetDeleteResponsePartition {
  return { partitionIndex: 0, errorCode: 0, ...fields }
}

function readOffsetDeleteResponsePartition(reader: Reader, _version: number): OffsetDeleteResponsePartition {
  const m = offsetDeleteResponsePartition()
  m.partitionIndex = reader.int32()
  m.errorCode = reader.int16()
  return m
}

function writeOffsetDeleteResponsePartition(writer: Writer, _version: number, m: OffsetDeleteResponsePartition): void {
  writer.int32(m.partitionIndex)
  writer.int16(m.errorCode)
}

export interface OffsetDeleteResponseTopic {
  /** The topic name. (versions 0+) */
  name: string
  /** The responses for each partition in the topic. (versions 0+) */
  partitions: OffsetDeleteResponsePartition[]
}

/** A OffsetDeleteResponseTopic with the schema's defaults where `fields` says nothing. */
export function offsetDeleteResponseTopic(fields: Partial<OffsetDeleteResponseTopic> = {}): OffsetDeleteResponseTopic {
  return { name: '', partitions: [], ...fields }
}

function readOffsetDeleteResponseTopic(reader: Reader, version: number): OffsetDeleteResponseTopic {
  const m = offsetDeleteResponseTopic()
  m.name = reader.string(false)
  m.partitions = reader.array(false, () => readOffsetDeleteResponsePartition(reader, version))
  return m
}

function writeOffsetDeleteResponseTopic(writer: Writer, version: number, m: OffsetDeleteResponseTopic): void {
  writer.string(m.name, false)
  writer.array(m.partitions, false, (item) => writeOffsetDeleteResponsePartition(writer, version, item))
}

export interface OffsetDeleteResponse {
  /** The top-level error code, or 0 if there was no error. (versions 0+) */
  errorCode: number
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number
  /** The responses for each topic. (versions 0+) */
  topics: OffsetDeleteResponseTopic[]
}

/** A OffsetDeleteResponse with the schema's defaults where `fields` says nothing. */
export function offsetDeleteResponse(fields: Partial<OffsetDeleteResponse> = {}): OffsetDeleteResponse {
  return { errorCode: 0, throttleTimeMs: 0, topics: [], ...fields }
}

function readOffsetDeleteResponse(reader: Reader, version: number): OffsetDeleteResponse {
  const m = offsetDeleteResponse()
  m.errorCode = reader.int16()
  m.throttleTimeMs = reader.int32()
  m.topics = reader.array(false, () => readOffsetDeleteResponseTopic(reader, version))
  return m
}

function writeOffsetDeleteResponse(writer: Writer, version: number, m: OffsetDeleteResponse): void {
  writer.int16(m.errorCode)
  writer.int32(m.throttleTimeMs)
  writer.array(m.topics, false, (item) => writeOffsetDeleteResponseTopic(writer, version, item))
}

/** Reads and writes OffsetDeleteResponse, versions 0 to 0. */
export const offsetDeleteResponseCodec: Codec<OffsetDeleteResponse> = {
  name: 'OffsetDeleteResponse',
  apiKey: 47,
  minVersion: 0,
  maxVersion: 0,
  maxStableVersion: 0,
  flexibleFrom: Number.POSITIVE_INFINITY,
  read: readOffsetDeleteResponse,
  write: writeOffsetDeleteResponse,
}
