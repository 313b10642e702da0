// Generated from ProduceRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import { ZERO_UUID } from '../protocol/uuid.js'
import type { Writer } from '../protocol/writer.js'

export interface PartitionProduceData {
  /** The partition index. (versions 0+) */
  index: number
  /** The record data to be produced. (versions 0+) */
  records: Buffer | null
}

/** A PartitionProduceData with the schema's defaults where `fields` says nothing. */
export function partitionProduceData(fields: Partial<PartitionProduceData> = {}): PartitionProduceData {
  return { index: 0, records: null, ...fields }
}

function readPartitionProduceData(reader: Reader, version: number): PartitionProduceData {
  const flexible = version >= 9
  const m = partitionProduceData()
  m.index = reader.int32()
  m.records = reader.nullableBytes(flexible, true)
  if (flexible) reader.skipTags()
  return m
}

function writePartitionProduceData(writer: Writer, version: number, m: PartitionProduceData): void {
  const flexible = version >= 9
  writer.int32(m.index)
  writer.nullableBytes(m.records, flexible, true)
  if (flexible) writer.noTags()
}

export interface TopicProduceData {
  /** The topic name. (versions 0-12) */
  name: string
  /** The unique topic ID (versions 13+) */
  topicId: string
  /** Each partition to produce to. (versions 0+) */
  partitionData: PartitionProduceData[]
}

/** A TopicProduceData with the schema's defaults where `fields` says nothing. */
export function topicProduceData(fields: Partial<TopicProduceData> = {}): TopicProduceData {
  return { name: '', topicId: ZERO_UUID, partitionData: [], ...fields }
}

function readTopicProduceData(reader: Reader, version: number): TopicProduceData {
  const flexible = version >= 9
  const m = topicProduceData()
  if (version <= 12) m.name = reader.string(flexible)
  if (version >= 13) m.topicId = reader.uuid()
  m.partitionData = reader.array(flexible, () => readPartitionProduceData(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeTopicProduceData(writer: Writer, version: number, m: TopicProduceData): void {
  const flexible = version >= 9
  if (version <= 12) writer.string(m.name, flexible)
  if (version >= 13) writer.uuid(m.topicId)
  writer.array(m.partitionData, flexible, (item) => writePartitionProduceData(writer, version, item))
  if (flexible) writer.noTags()
}

export interface ProduceRequest {
  /** The transactional ID, or null if the producer is not transactional. (versions 3+) */
  transactionalId: string | null
  /** The number of acknowledgments the producer requires the leader to have received before considering a request complete. Allowed values: 0 for no acknowledgments, 1 for only the leader and -1 for the full ISR. (versions 0+) */
  acks: number
  /** The timeout to await a response in milliseconds. (versions 0+) */
  timeoutMs: number
  /** Each topic to produce to. (versions 0+) */
  topicData: TopicProduceData[]
}

/** A ProduceRequest with the schema's defaults where `fields` says nothing. */
export function produceRequest(fields: Partial<ProduceRequest> = {}): ProduceRequest {
  return { transactionalId: null, acks: 0, timeoutMs: 0, topicData: [], ...fields }
}

function readProduceRequest(reader: Reader, version: number): ProduceRequest {
  const flexible = version >= 9
  const m = produceRequest()
  m.transactionalId = reader.nullableString(flexible, true)
  m.acks = reader.int16()
  m.timeoutMs = reader.int32()
  m.topicData = reader.array(flexible, () => readTopicProduceData(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeProduceRequest(writer: Writer, version: number, m: ProduceRequest): void {
  const flexible = version >= 9
  writer.nullableString(m.transactionalId, flexible, true)
  writer.int16(m.acks)
  writer.int32(m.timeoutMs)
  writer.array(m.topicData, flexible, (item) => writeTopicProduceData(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes ProduceRequest, versions 3 to 13, flexible from 9. */
export const produceRequestCodec: Codec<ProduceRequest> = {
  name: 'ProduceRequest',
  apiKey: 0,
  minVersion: 3,
  maxVersion: 13,
  maxStableVersion: 13,
  flexibleFrom: 9,
  read: readProduceRequest,
  write: writeProduceRequest,
}
