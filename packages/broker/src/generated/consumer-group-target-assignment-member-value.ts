// Generated from ConsumerGroupTargetAssignmentMemberValue in scripts/coordinator-records.json by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import { ZERO_UUID } from '../protocol/uuid.js'
import type { Writer } from '../protocol/writer.js'

export interface TopicPartition {
  topicId: string
  partitions: number[]
}

/** A TopicPartition with the schema's defaults where `fields` says nothing. */
export function topicPartition(fields: Partial<TopicPartition> = {}): TopicPartition {
  return { topicId: ZERO_UUID, partitions: [], ...fields }
}

function readTopicPartition(reader: Reader, _version: number): TopicPartition {
  const flexible = true
  const m = topicPartition()
  m.topicId = reader.uuid()
  m.partitions = reader.array(flexible, () => reader.int32())
  if (flexible) reader.skipTags()
  return m
}

function writeTopicPartition(writer: Writer, _version: number, m: TopicPartition): void {
  const flexible = true
  writer.uuid(m.topicId)
  writer.array(m.partitions, flexible, (item) => writer.int32(item))
  if (flexible) writer.noTags()
}

export interface ConsumerGroupTargetAssignmentMemberValue {
  topicPartitions: TopicPartition[]
}

/** A ConsumerGroupTargetAssignmentMemberValue with the schema's defaults where `fields` says nothing. */
export function consumerGroupTargetAssignmentMemberValue(fields: Partial<ConsumerGroupTargetAssignmentMemberValue> = {}): ConsumerGroupTargetAssignmentMemberValue {
  return { topicPartitions: [], ...fields }
}

function readConsumerGroupTargetAssignmentMemberValue(reader: Reader, version: number): ConsumerGroupTargetAssignmentMemberValue {
  const flexible = true
  const m = consumerGroupTargetAssignmentMemberValue()
  m.topicPartitions = reader.array(flexible, () => readTopicPartition(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeConsumerGroupTargetAssignmentMemberValue(writer: Writer, version: number, m: ConsumerGroupTargetAssignmentMemberValue): void {
  const flexible = true
  writer.array(m.topicPartitions, flexible, (item) => writeTopicPartition(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes ConsumerGroupTargetAssignmentMemberValue, versions 0 to 0, flexible from 0. */
export const consumerGroupTargetAssignmentMemberValueCodec: Codec<ConsumerGroupTargetAssignmentMemberValue> = {
  name: 'ConsumerGroupTargetAssignmentMemberValue',
  apiKey: -1,
  minVersion: 0,
  maxVersion: 0,
  maxStableVersion: 0,
  flexibleFrom: 0,
  read: readConsumerGroupTargetAssignmentMemberValue,
  write: writeConsumerGroupTargetAssignmentMemberValue,
}
