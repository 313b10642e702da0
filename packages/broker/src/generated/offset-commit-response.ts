// Generated from OffsetCommitResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import { ZERO_UUID } from '../protocol/uuid.js'
import type { Writer } from '../protocol/writer.js'

export interface OffsetCommitResponsePartition {
  /** The partition index. (versions 0+) */
  partitionIndex: number
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number
}

/** A OffsetCommitResponsePartition with the schema's defaults where `fields` says nothing. */
export function offsetCommitResponsePartition(fields: Partial<OffsetCommitResponsePartition> = {}): OffsetCommitResponsePartition {
  return { partitionIndex: 0, errorCode: 0, ...fields }
}

function readOffsetCommitResponsePartition(reader: Reader, version: number): OffsetCommitResponsePartition {
  const flexible = version >= 8
  const m = offsetCommitResponsePartition()
  m.partitionIndex = reader.int32()
  m.errorCode = reader.int16()
  if (flexible) reader.skipTags()
  return m
}

function writeOffsetCommitResponsePartition(writer: Writer, version: number, m: OffsetCommitResponsePartition): void {
  const flexible = version >= 8
  writer.int32(m.partitionIndex)
  writer.int16(m.errorCode)
  if (flexible) writer.noTags()
}

export interface OffsetCommitResponseTopic {
  /** The topic name. (versions 0-9) */
  name: string
  /** The topic ID. (versions 10+) */
  topicId: string
  /** The responses for each partition in the topic. (versions 0+) */
  partitions: OffsetCommitResponsePartition[]
}

/** A OffsetCommitResponseTopic with the schema's defaults where `fields` says nothing. */
export function offsetCommitResponseTopic(fields: Partial<OffsetCommitResponseTopic> = {}): OffsetCommitResponseTopic {
  return { name: '', topicId: ZERO_UUID, partitions: [], ...fields }
}

function readOffsetCommitResponseTopic(reader: Reader, version: number): OffsetCommitResponseTopic {
  const flexible = version >= 8
  const m = offsetCommitResponseTopic()
  if (version <= 9) m.name = reader.string(flexible)
  if (version >= 10) m.topicId = reader.uuid()
  m.partitions = reader.array(flexible, () => readOffsetCommitResponsePartition(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeOffsetCommitResponseTopic(writer: Writer, version: number, m: OffsetCommitResponseTopic): void {
  const flexible = version >= 8
  if (version <= 9) writer.string(m.name, flexible)
  if (version >= 10) writer.uuid(m.topicId)
  writer.array(m.partitions, flexible, (item) => writeOffsetCommitResponsePartition(writer, version, item))
  if (flexible) writer.noTags()
}

export interface OffsetCommitResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 3+) */
  throttleTimeMs: number
  /** The responses for each topic. (versions 0+) */
  topics: OffsetCommitResponseTopic[]
}

/** A OffsetCommitResponse with the schema's defaults where `fields` says nothing. */
export function offsetCommitResponse(fields: Partial<OffsetCommitResponse> = {}): OffsetCommitResponse {
  return { throttleTimeMs: 0, topics: [], ...fields }
}

function readOffsetCommitResponse(reader: Reader, version: number): OffsetCommitResponse {
  const flexible = version >= 8
  const m = offsetCommitResponse()
  if (version >= 3) m.throttleTimeMs = reader.int32()
  m.topics = reader.array(flexible, () => readOffsetCommitResponseTopic(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeOffsetCommitResponse(writer: Writer, version: number, m: OffsetCommitResponse): void {
  const flexible = version >= 8
  if (version >= 3) writer.int32(m.throttleTimeMs)
  writer.array(m.topics, flexible, (item) => writeOffsetCommitResponseTopic(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes OffsetCommitResponse, versions 2 to 10, flexible from 8. */
export const offsetCommitResponseCodec: Codec<OffsetCommitResponse> = {
  name: 'OffsetCommitResponse',
  apiKey: 8,
  minVersion: 2,
  maxVersion: 10,
  maxStableVersion: 10,
  flexibleFrom: 8,
  read: readOffsetCommitResponse,
  write: writeOffsetCommitResponse,
}
