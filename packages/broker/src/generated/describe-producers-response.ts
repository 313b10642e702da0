// Generated from DescribeProducersResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface ProducerState {
  /** The producer id. (versions 0+) */
  producerId: bigint
  /** The producer epoch. (versions 0+) */
  producerEpoch: number
  /** The last sequence number sent by the producer. (versions 0+) */
  lastSequence: number
  /** The last timestamp sent by the producer. (versions 0+) */
  lastTimestamp: bigint
  /** The current epoch of the producer group. (versions 0+) */
  coordinatorEpoch: number
  /** The current transaction start offset of the producer. (versions 0+) */
  currentTxnStartOffset: bigint
}

/** A ProducerState with the schema's defaults where `fields` says nothing. */
export function producerState(fields: Partial<ProducerState> = {}): ProducerState {
  return { producerId: 0n, producerEpoch: 0, lastSequence: -1, lastTimestamp: -1n, coordinatorEpoch: 0, currentTxnStartOffset: -1n, ...fields }
}

function readProducerState(reader: Reader, _version: number): ProducerState {
  const flexible = true
  const m = producerState()
  m.producerId = reader.int64()
  m.producerEpoch = reader.int32()
  m.lastSequence = reader.int32()
  m.lastTimestamp = reader.int64()
  m.coordinatorEpoch = reader.int32()
  m.currentTxnStartOffset = reader.int64()
  if (flexible) reader.skipTags()
  return m
}

function writeProducerState(writer: Writer, _version: number, m: ProducerState): void {
  const flexible = true
  writer.int64(m.producerId)
  writer.int32(m.producerEpoch)
  writer.int32(m.lastSequence)
  writer.int64(m.lastTimestamp)
  writer.int32(m.coordinatorEpoch)
  writer.int64(m.currentTxnStartOffset)
  if (flexible) writer.noTags()
}

export interface PartitionResponse {
  /** The partition index. (versions 0+) */
  partitionIndex: number
  /** The partition error code, or 0 if there was no error. (versions 0+) */
  errorCode: number
  /** The partition error message, which may be null if no additional details are available. (versions 0+) */
  errorMessage: string | null
  /** The active producers for the partition. (versions 0+) */
  activeProducers: ProducerState[]
}

/** A PartitionResponse with the schema's defaults where `fields` says nothing. */
export function partitionResponse(fields: Partial<PartitionResponse> = {}): PartitionResponse {
  return { partitionIndex: 0, errorCode: 0, errorMessage: null, activeProducers: [], ...fields }
}

function readPartitionResponse(reader: Reader, version: number): PartitionResponse {
  const flexible = true
  const m = partitionResponse()
  m.partitionIndex = reader.int32()
  m.errorCode = reader.int16()
  m.errorMessage = reader.nullableString(flexible, true)
  m.activeProducers = reader.array(flexible, () => readProducerState(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writePartitionResponse(writer: Writer, version: number, m: PartitionResponse): void {
  const flexible = true
  writer.int32(m.partitionIndex)
  writer.int16(m.errorCode)
  writer.nullableString(m.errorMessage, flexible, true)
  writer.array(m.activeProducers, flexible, (item) => writeProducerState(writer, version, item))
  if (flexible) writer.noTags()
}

export interface TopicResponse {
  /** The topic name. (versions 0+) */
  name: string
  /** Each partition in the response. (versions 0+) */
  partitions: PartitionResponse[]
}

/** A TopicResponse with the schema's defaults where `fields` says nothing. */
export function topicResponse(fields: Partial<TopicResponse> = {}): TopicResponse {
  return { name: '', partitions: [], ...fields }
}

function readTopicResponse(reader: Reader, version: number): TopicResponse {
  const flexible = true
  const m = topicResponse()
  m.name = reader.string(flexible)
  m.partitions = reader.array(flexible, () => readPartitionResponse(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeTopicResponse(writer: Writer, version: number, m: TopicResponse): void {
  const flexible = true
  writer.string(m.name, flexible)
  writer.array(m.partitions, flexible, (item) => writePartitionResponse(writer, version, item))
  if (flexible) writer.noTags()
}

export interface DescribeProducersResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number
  /** Each topic in the response. (versions 0+) */
  topics: TopicResponse[]
}

/** A DescribeProducersResponse with the schema's defaults where `fields` says nothing. */
export function describeProducersResponse(fields: Partial<DescribeProducersResponse> = {}): DescribeProducersResponse {
  return { throttleTimeMs: 0, topics: [], ...fields }
}

function readDescribeProducersResponse(reader: Reader, version: number): DescribeProducersResponse {
  const flexible = true
  const m = describeProducersResponse()
  m.throttleTimeMs = reader.int32()
  m.topics = reader.array(flexible, () => readTopicResponse(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeDescribeProducersResponse(writer: Writer, version: number, m: DescribeProducersResponse): void {
  const flexible = true
  writer.int32(m.throttleTimeMs)
  writer.array(m.topics, flexible, (item) => writeTopicResponse(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes DescribeProducersResponse, versions 0 to 0, flexible from 0. */
export const describeProducersResponseCodec: Codec<DescribeProducersResponse> = {
  name: 'DescribeProducersResponse',
  apiKey: 61,
  minVersion: 0,
  maxVersion: 0,
  maxStableVersion: 0,
  flexibleFrom: 0,
  read: readDescribeProducersResponse,
  write: writeDescribeProducersResponse,
}
