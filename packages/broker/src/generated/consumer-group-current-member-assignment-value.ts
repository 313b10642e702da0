// Generated from ConsumerGroupCurrentMemberAssignmentValue in scripts/coordinator-records.json by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import { ZERO_UUID } from '../protocol/uuid.js'
import type { Tag, Writer } from '../protocol/writer.js'

export interface TopicPartitions {
  topicId: string
  partitions: number[]
  assignmentEpochs: number[] | null
}

/** A TopicPartitions with the schema's defaults where `fields` says nothing. */
export function topicPartitions(fields: Partial<TopicPartitions> = {}): TopicPartitions {
  return { topicId: ZERO_UUID, partitions: [], assignmentEpochs: null, ...fields }
}

function readTopicPartitions(reader: Reader, _version: number): TopicPartitions {
  const flexible = true
  const m = topicPartitions()
  m.topicId = reader.uuid()
  m.partitions = reader.array(flexible, () => reader.int32())
  if (flexible) {
    reader.tags((tag) => {
      switch (tag) {
        case 0:
          m.assignmentEpochs = reader.nullableArray(flexible, true, () => reader.int32())
          return true
        default:
          return false
      }
    })
  }
  return m
}

function writeTopicPartitions(writer: Writer, _version: number, m: TopicPartitions): void {
  const flexible = true
  writer.uuid(m.topicId)
  writer.array(m.partitions, flexible, (item) => writer.int32(item))
  if (flexible) {
    const tags: Tag[] = []
    if (m.assignmentEpochs !== null) tags.push([0, (writer) => writer.nullableArray(m.assignmentEpochs, flexible, true, (item) => writer.int32(item))])
    writer.tags(tags)
  }
}

export interface ConsumerGroupCurrentMemberAssignmentValue {
  memberEpoch: number
  previousMemberEpoch: number
  state: number
  assignedPartitions: TopicPartitions[]
  partitionsPendingRevocation: TopicPartitions[]
}

/** A ConsumerGroupCurrentMemberAssignmentValue with the schema's defaults where `fields` says nothing. */
export function consumerGroupCurrentMemberAssignmentValue(fields: Partial<ConsumerGroupCurrentMemberAssignmentValue> = {}): ConsumerGroupCurrentMemberAssignmentValue {
  return { memberEpoch: 0, previousMemberEpoch: 0, state: 0, assignedPartitions: [], partitionsPendingRevocation: [], ...fields }
}

function readConsumerGroupCurrentMemberAssignmentValue(reader: Reader, version: number): ConsumerGroupCurrentMemberAssignmentValue {
  const flexible = true
  const m = consumerGroupCurrentMemberAssignmentValue()
  m.memberEpoch = reader.int32()
  m.previousMemberEpoch = reader.int32()
  m.state = reader.int8()
  m.assignedPartitions = reader.array(flexible, () => readTopicPartitions(reader, version))
  m.partitionsPendingRevocation = reader.array(flexible, () => readTopicPartitions(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeConsumerGroupCurrentMemberAssignmentValue(writer: Writer, version: number, m: ConsumerGroupCurrentMemberAssignmentValue): void {
  const flexible = true
  writer.int32(m.memberEpoch)
  writer.int32(m.previousMemberEpoch)
  writer.int8(m.state)
  writer.array(m.assignedPartitions, flexible, (item) => writeTopicPartitions(writer, version, item))
  writer.array(m.partitionsPendingRevocation, flexible, (item) => writeTopicPartitions(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes ConsumerGroupCurrentMemberAssignmentValue, versions 0 to 0, flexible from 0. */
export const consumerGroupCurrentMemberAssignmentValueCodec: Codec<ConsumerGroupCurrentMemberAssignmentValue> = {
  name: 'ConsumerGroupCurrentMemberAssignmentValue',
  apiKey: -1,
  minVersion: 0,
  maxVersion: 0,
  maxStableVersion: 0,
  flexibleFrom: 0,
  read: readConsumerGroupCurrentMemberAssignmentValue,
  write: writeConsumerGroupCurrentMemberAssignmentValue,
}
