// Generated from DescribeProducersRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface TopicRequest {
  /** The topic name. (versions 0+) */
  name: string
  /** The indexes of the partitions to list producers for. (versions 0+) */
  partitionIndexes: number[]
}

/** A TopicRequest with the schema's defaults where `fields` says nothing. */
export function topicRequest(fields: Partial<TopicRequest> = {}): TopicRequest {
  return { name: '', partitionIndexes: [], ...fields }
}

function readTopicRequest(reader: Reader, _version: number): TopicRequest {
  const flexible = true
  const m = topicRequest()
  m.name = reader.string(flexible)
  m.partitionIndexes = reader.array(flexible, () => reader.int32())
  if (flexible) reader.skipTags()
  return m
}

function writeTopicRequest(writer: Writer, _version: number, m: TopicRequest): void {
  const flexible = true
  writer.string(m.name, flexible)
  writer.array(m.partitionIndexes, flexible, (item) => writer.int32(item))
  if (flexible) writer.noTags()
}

export interface DescribeProducersRequest {
  /** The topics to list producers for. (versions 0+) */
  topics: TopicRequest[]
}

/** A DescribeProducersRequest with the schema's defaults where `fields` says nothing. */
export function describeProducersRequest(fields: Partial<DescribeProducersRequest> = {}): DescribeProducersRequest {
  return { topics: [], ...fields }
}

function readDescribeProducersRequest(reader: Reader, version: number): DescribeProducersRequest {
  const flexible = true
  const m = describeProducersRequest()
  m.topics = reader.array(flexible, () => readTopicRequest(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeDescribeProducersRequest(writer: Writer, version: number, m: DescribeProducersRequest): void {
  const flexible = true
  writer.array(m.topics, flexible, (item) => writeTopicRequest(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes DescribeProducersRequest, versions 0 to 0, flexible from 0. */
export const describeProducersRequestCodec: Codec<DescribeProducersRequest> = {
  name: 'DescribeProducersRequest',
  apiKey: 61,
  minVersion: 0,
  maxVersion: 0,
  maxStableVersion: 0,
  flexibleFrom: 0,
  read: readDescribeProducersRequest,
  write: writeDescribeProducersRequest,
}
