// Generated from DeleteRecordsRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface DeleteRecordsPartition {
  /** The partition index. (versions 0+) */
  partitionIndex: number
  /** The deletion offset. -1 means that records should be truncated to the high watermark. (versions 0+) */
  offset: bigint
}

/** A DeleteRecordsPartition with the schema's defaults where `fields` says nothing. */
export function deleteRecordsPartition(fields: Partial<DeleteRecordsPartition> = {}): DeleteRecordsPartition {
  return { partitionIndex: 0, offset: 0n, ...fields }
}

function readDeleteRecordsPartition(reader: Reader, version: number): DeleteRecordsPartition {
  const flexible = version >= 2
  const m = deleteRecordsPartition()
  m.partitionIndex = reader.int32()
  m.offset = reader.int64()
  if (flexible) reader.skipTags()
  return m
}

function writeDeleteRecordsPartition(writer: Writer, version: number, m: DeleteRecordsPartition): void {
  const flexible = version >= 2
  writer.int32(m.partitionIndex)
  writer.int64(m.offset)
  if (flexible) writer.noTags()
}

export interface DeleteRecordsTopic {
  /** The topic name. (versions 0+) */
  name: string
  /** Each partition that we want to delete records from. (versions 0+) */
  partitions: DeleteRecordsPartition[]
}

/** A DeleteRecordsTopic with the schema's defaults where `fields` says nothing. */
export function deleteRecordsTopic(fields: Partial<DeleteRecordsTopic> = {}): DeleteRecordsTopic {
  return { name: '', partitions: [], ...fields }
}

function readDeleteRecordsTopic(reader: Reader, version: number): DeleteRecordsTopic {
  const flexible = version >= 2
  const m = deleteRecordsTopic()
  m.name = reader.string(flexible)
  m.partitions = reader.array(flexible, () => readDeleteRecordsPartition(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeDeleteRecordsTopic(writer: Writer, version: number, m: DeleteRecordsTopic): void {
  const flexible = version >= 2
  writer.string(m.name, flexible)
  writer.array(m.partitions, flexible, (item) => writeDeleteRecordsPartition(writer, version, item))
  if (flexible) writer.noTags()
}

export interface DeleteRecordsRequest {
  /** Each topic that we want to delete records from. (versions 0+) */
  topics: DeleteRecordsTopic[]
  /** How long to wait for the deletion to complete, in milliseconds. (versions 0+) */
  timeoutMs: number
}

/** A DeleteRecordsRequest with the schema's defaults where `fields` says nothing. */
export function deleteRecordsRequest(fields: Partial<DeleteRecordsRequest> = {}): DeleteRecordsRequest {
  return { topics: [], timeoutMs: 0, ...fields }
}

function readDeleteRecordsRequest(reader: Reader, version: number): DeleteRecordsRequest {
  const flexible = version >= 2
  const m = deleteRecordsRequest()
  m.topics = reader.array(flexible, () => readDeleteRecordsTopic(reader, version))
  m.timeoutMs = reader.int32()
  if (flexible) reader.skipTags()
  return m
}

function writeDeleteRecordsRequest(writer: Writer, version: number, m: DeleteRecordsRequest): void {
  const flexible = version >= 2
  writer.array(m.topics, flexible, (item) => writeDeleteRecordsTopic(writer, version, item))
  writer.int32(m.timeoutMs)
  if (flexible) writer.noTags()
}

/** Reads and writes DeleteRecordsRequest, versions 0 to 2, flexible from 2. */
export const deleteRecordsRequestCodec: Codec<DeleteRecordsRequest> = {
  name: 'DeleteRecordsRequest',
  apiKey: 21,
  minVersion: 0,
  maxVersion: 2,
  maxStableVersion: 2,
  flexibleFrom: 2,
  read: readDeleteRecordsRequest,
  write: writeDeleteRecordsRequest,
}
