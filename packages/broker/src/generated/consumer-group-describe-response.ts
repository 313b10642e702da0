// Generated from ConsumerGroupDescribeResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import { ZERO_UUID } from '../protocol/uuid.js'
import type { Writer } from '../protocol/writer.js'

export interface TopicPartitions {
  /** The topic ID. (versions 0+) */
  topicId: string
  /** The topic name. (versions 0+) */
  topicName: string
  /** The partitions. (versions 0+) */
  partitions: number[]
}

/** A TopicPartitions with the schema's defaults where `fields` says nothing. */
export function topicPartitions(fields: Partial<TopicPartitions> = {}): TopicPartitions {
  return { topicId: ZERO_UUID, topicName: '', partitions: [], ...fields }
}

function readTopicPartitions(reader: Reader, _version: number): TopicPartitions {
  const flexible = true
  const m = topicPartitions()
  m.topicId = reader.uuid()
  m.topicName = reader.string(flexible)
  m.partitions = reader.array(flexible, () => reader.int32())
  if (flexible) reader.skipTags()
  return m
}

function writeTopicPartitions(writer: Writer, _version: number, m: TopicPartitions): void {
  const flexible = true
  writer.uuid(m.topicId)
  writer.string(m.topicName, flexible)
  writer.array(m.partitions, flexible, (item) => writer.int32(item))
  if (flexible) writer.noTags()
}

export interface Assignment {
  /** The assigned topic-partitions to the member. (versions 0+) */
  topicPartitions: TopicPartitions[]
}

/** A Assignment with the schema's defaults where `fields` says nothing. */
export function assignment(fields: Partial<Assignment> = {}): Assignment {
  return { topicPartitions: [], ...fields }
}

function readAssignment(reader: Reader, version: number): Assignment {
  const flexible = true
  const m = assignment()
  m.topicPartitions = reader.array(flexible, () => readTopicPartitions(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeAssignment(writer: Writer, version: number, m: Assignment): void {
  const flexible = true
  writer.array(m.topicPartitions, flexible, (item) => writeTopicPartitions(writer, version, item))
  if (flexible) writer.noTags()
}

export interface Member {
  /** The member ID. (versions 0+) */
  memberId: string
  /** The member instance ID. (versions 0+) */
  instanceId: string | null
  /** The member rack ID. (versions 0+) */
  rackId: string | null
  /** The current member epoch. (versions 0+) */
  memberEpoch: number
  /** The client ID. (versions 0+) */
  clientId: string
  /** The client host. (versions 0+) */
  clientHost: string
  /** The subscribed topic names. (versions 0+) */
  subscribedTopicNames: string[]
  /** the subscribed topic regex otherwise or null of not provided. (versions 0+) */
  subscribedTopicRegex: string | null
  /** The current assignment. (versions 0+) */
  assignment: Assignment
  /** The target assignment. (versions 0+) */
  targetAssignment: Assignment
  /** -1 for unknown. 0 for classic member. +1 for consumer member. (versions 1+) */
  memberType: number
}

/** A Member with the schema's defaults where `fields` says nothing. */
export function member(fields: Partial<Member> = {}): Member {
  return { memberId: '', instanceId: null, rackId: null, memberEpoch: 0, clientId: '', clientHost: '', subscribedTopicNames: [], subscribedTopicRegex: null, assignment: assignment(), targetAssignment: assignment(), memberType: -1, ...fields }
}

function readMember(reader: Reader, version: number): Member {
  const flexible = true
  const m = member()
  m.memberId = reader.string(flexible)
  m.instanceId = reader.nullableString(flexible, true)
  m.rackId = reader.nullableString(flexible, true)
  m.memberEpoch = reader.int32()
  m.clientId = reader.string(flexible)
  m.clientHost = reader.string(flexible)
  m.subscribedTopicNames = reader.array(flexible, () => reader.string(flexible))
  m.subscribedTopicRegex = reader.nullableString(flexible, true)
  m.assignment = readAssignment(reader, version)
  m.targetAssignment = readAssignment(reader, version)
  if (version >= 1) m.memberType = reader.int8()
  if (flexible) reader.skipTags()
  return m
}

function writeMember(writer: Writer, version: number, m: Member): void {
  const flexible = true
  writer.string(m.memberId, flexible)
  writer.nullableString(m.instanceId, flexible, true)
  writer.nullableString(m.rackId, flexible, true)
  writer.int32(m.memberEpoch)
  writer.string(m.clientId, flexible)
  writer.string(m.clientHost, flexible)
  writer.array(m.subscribedTopicNames, flexible, (item) => writer.string(item, flexible))
  writer.nullableString(m.subscribedTopicRegex, flexible, true)
  writeAssignment(writer, version, m.assignment)
  writeAssignment(writer, version, m.targetAssignment)
  if (version >= 1) writer.int8(m.memberType)
  if (flexible) writer.noTags()
}

export interface DescribedGroup {
  /** The describe error, or 0 if there was no error. (versions 0+) */
  errorCode: number
  /** The top-level error message, or null if there was no error. (versions 0+) */
  errorMessage: string | null
  /** The group ID string. (versions 0+) */
  groupId: string
  /** The group state string, or the empty string. (versions 0+) */
  groupState: string
  /** The group epoch. (versions 0+) */
  groupEpoch: number
  /** The assignment epoch. (versions 0+) */
  assignmentEpoch: number
  /** The selected assignor. (versions 0+) */
  assignorName: string
  /** The members. (versions 0+) */
  members: Member[]
  /** 32-bit bitfield to represent authorized operations for this group. (versions 0+) */
  authorizedOperations: number
}

/** A DescribedGroup with the schema's defaults where `fields` says nothing. */
export function describedGroup(fields: Partial<DescribedGroup> = {}): DescribedGroup {
  return { errorCode: 0, errorMessage: null, groupId: '', groupState: '', groupEpoch: 0, assignmentEpoch: 0, assignorName: '', members: [], authorizedOperations: -2147483648, ...fields }
}

function readDescribedGroup(reader: Reader, version: number): DescribedGroup {
  const flexible = true
  const m = describedGroup()
  m.errorCode = reader.int16()
  m.errorMessage = reader.nullableString(flexible, true)
  m.groupId = reader.string(flexible)
  m.groupState = reader.string(flexible)
  m.groupEpoch = reader.int32()
  m.assignmentEpoch = reader.int32()
  m.assignorName = reader.string(flexible)
  m.members = reader.array(flexible, () => readMember(reader, version))
  m.authorizedOperations = reader.int32()
  if (flexible) reader.skipTags()
  return m
}

function writeDescribedGroup(writer: Writer, version: number, m: DescribedGroup): void {
  const flexible = true
  writer.int16(m.errorCode)
  writer.nullableString(m.errorMessage, flexible, true)
  writer.string(m.groupId, flexible)
  writer.string(m.groupState, flexible)
  writer.int32(m.groupEpoch)
  writer.int32(m.assignmentEpoch)
  writer.string(m.assignorName, flexible)
  writer.array(m.members, flexible, (item) => writeMember(writer, version, item))
  writer.int32(m.authorizedOperations)
  if (flexible) writer.noTags()
}

export interface ConsumerGroupDescribeResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number
  /** Each described group. (versions 0+) */
  groups: DescribedGroup[]
}

/** A ConsumerGroupDescribeResponse with the schema's defaults where `fields` says nothing. */
export function consumerGroupDescribeResponse(fields: Partial<ConsumerGroupDescribeResponse> = {}): ConsumerGroupDescribeResponse {
  return { throttleTimeMs: 0, groups: [], ...fields }
}

function readConsumerGroupDescribeResponse(reader: Reader, version: number): ConsumerGroupDescribeResponse {
  const flexible = true
  const m = consumerGroupDescribeResponse()
  m.throttleTimeMs = reader.int32()
  m.groups = reader.array(flexible, () => readDescribedGroup(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeConsumerGroupDescribeResponse(writer: Writer, version: number, m: ConsumerGroupDescribeResponse): void {
  const flexible = true
  writer.int32(m.throttleTimeMs)
  writer.array(m.groups, flexible, (item) => writeDescribedGroup(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes ConsumerGroupDescribeResponse, versions 0 to 1, flexible from 0. */
export const consumerGroupDescribeResponseCodec: Codec<ConsumerGroupDescribeResponse> = {
  name: 'ConsumerGroupDescribeResponse',
  apiKey: 69,
  minVersion: 0,
  maxVersion: 1,
  maxStableVersion: 1,
  flexibleFrom: 0,
  read: readConsumerGroupDescribeResponse,
  write: writeConsumerGroupDescribeResponse,
}
