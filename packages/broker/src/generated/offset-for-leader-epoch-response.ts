// Generated from OffsetForLeaderEpochResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface EpochEndOffset {
  /** The error code 0, or if there was no error. (versions 0+) */
  errorCode: number
  /** The partition index. (versions 0+) */
  partition: number
  /** The leader epoch of the partition. (versions 1+) */
  leaderEpoch: number
  /** The end offset of the epoch. (versions 0+) */
  endOffset: bigint
}

/** A EpochEndOffset with the schema's defaults where `fields` says nothing. */
export function epochEndOffset(fields: Partial<EpochEndOffset> = {}): EpochEndOffset {
  return { errorCode: 0, partition: 0, leaderEpoch: -1, endOffset: -1n, ...fields }
}

function readEpochEndOffset(reader: Reader, version: number): EpochEndOffset {
  const flexible = version >= 4
  const m = epochEndOffset()
  m.errorCode = reader.int16()
  m.partition = reader.int32()
  m.leaderEpoch = reader.int32()
  m.endOffset = reader.int64()
  if (flexible) reader.skipTags()
  return m
}

function writeEpochEndOffset(writer: Writer, version: number, m: EpochEndOffset): void {
  const flexible = version >= 4
  writer.int16(m.errorCode)
  writer.int32(m.partition)
  writer.int32(m.leaderEpoch)
  writer.int64(m.endOffset)
  if (flexible) writer.noTags()
}

export interface OffsetForLeaderTopicResult {
  /** The topic name. (versions 0+) */
  topic: string
  /** Each partition in the topic we fetched offsets for. (versions 0+) */
  partitions: EpochEndOffset[]
}

/** A OffsetForLeaderTopicResult with the schema's defaults where `fields` says nothing. */
export function offsetForLeaderTopicResult(fields: Partial<OffsetForLeaderTopicResult> = {}): OffsetForLeaderTopicResult {
  return { topic: '', partitions: [], ...fields }
}

function readOffsetForLeaderTopicResult(reader: Reader, version: number): OffsetForLeaderTopicResult {
  const flexible = version >= 4
  const m = offsetForLeaderTopicResult()
  m.topic = reader.string(flexible)
  m.partitions = reader.array(flexible, () => readEpochEndOffset(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeOffsetForLeaderTopicResult(writer: Writer, version: number, m: OffsetForLeaderTopicResult): void {
  const flexible = version >= 4
  writer.string(m.topic, flexible)
  writer.array(m.partitions, flexible, (item) => writeEpochEndOffset(writer, version, item))
  if (flexible) writer.noTags()
}

export interface OffsetForLeaderEpochResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 2+) */
  throttleTimeMs: number
  /** Each topic we fetched offsets for. (versions 0+) */
  topics: OffsetForLeaderTopicResult[]
}

/** A OffsetForLeaderEpochResponse with the schema's defaults where `fields` says nothing. */
export function offsetForLeaderEpochResponse(fields: Partial<OffsetForLeaderEpochResponse> = {}): OffsetForLeaderEpochResponse {
  return { throttleTimeMs: 0, topics: [], ...fields }
}

function readOffsetForLeaderEpochResponse(reader: Reader, version: number): OffsetForLeaderEpochResponse {
  const flexible = version >= 4
  const m = offsetForLeaderEpochResponse()
  m.throttleTimeMs = reader.int32()
  m.topics = reader.array(flexible, () => readOffsetForLeaderTopicResult(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeOffsetForLeaderEpochResponse(writer: Writer, version: number, m: OffsetForLeaderEpochResponse): void {
  const flexible = version >= 4
  writer.int32(m.throttleTimeMs)
  writer.array(m.topics, flexible, (item) => writeOffsetForLeaderTopicResult(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes OffsetForLeaderEpochResponse, versions 2 to 4, flexible from 4. */
export const offsetForLeaderEpochResponseCodec: Codec<OffsetForLeaderEpochResponse> = {
  name: 'OffsetForLeaderEpochResponse',
  apiKey: 23,
  minVersion: 2,
  maxVersion: 4,
  maxStableVersion: 4,
  flexibleFrom: 4,
  read: readOffsetForLeaderEpochResponse,
  write: writeOffsetForLeaderEpochResponse,
}
