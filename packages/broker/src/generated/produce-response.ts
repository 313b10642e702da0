// Generated from ProduceResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import { ZERO_UUID } from '../protocol/uuid.js'
import type { Tag, Writer } from '../protocol/writer.js'

export interface BatchIndexAndErrorMessage {
  /** The batch index of the record that caused the batch to be dropped. (versions 8+) */
  batchIndex: number
  /** The error message of the record that caused the batch to be dropped. (versions 8+) */
  batchIndexErrorMessage: string | null
}

/** A BatchIndexAndErrorMessage with the schema's defaults where `fields` says nothing. */
export function batchIndexAndErrorMessage(fields: Partial<BatchIndexAndErrorMessage> = {}): BatchIndexAndErrorMessage {
  return { batchIndex: 0, batchIndexErrorMessage: null, ...fields }
}

function readBatchIndexAndErrorMessage(reader: Reader, version: number): BatchIndexAndErrorMessage {
  const flexible = version >= 9
  const m = batchIndexAndErrorMessage()
  if (version >= 8) m.batchIndex = reader.int32()
  if (version >= 8) m.batchIndexErrorMessage = reader.nullableString(flexible, true)
  if (flexible) reader.skipTags()
  return m
}

function writeBatchIndexAndErrorMessage(writer: Writer, version: number, m: BatchIndexAndErrorMessage): void {
  const flexible = version >= 9
  if (version >= 8) writer.int32(m.batchIndex)
  if (version >= 8) writer.nullableString(m.batchIndexErrorMessage, flexible, true)
  if (flexible) writer.noTags()
}

export interface LeaderIdAndEpoch {
  /** The ID of the current leader or -1 if the leader is unknown. (versions 10+) */
  leaderId: number
  /** The latest known leader epoch. (versions 10+) */
  leaderEpoch: number
}

/** A LeaderIdAndEpoch with the schema's defaults where `fields` says nothing. */
export function leaderIdAndEpoch(fields: Partial<LeaderIdAndEpoch> = {}): LeaderIdAndEpoch {
  return { leaderId: -1, leaderEpoch: -1, ...fields }
}

function readLeaderIdAndEpoch(reader: Reader, version: number): LeaderIdAndEpoch {
  const flexible = version >= 9
  const m = leaderIdAndEpoch()
  if (version >= 10) m.leaderId = reader.int32()
  if (version >= 10) m.leaderEpoch = reader.int32()
  if (flexible) reader.skipTags()
  return m
}

function writeLeaderIdAndEpoch(writer: Writer, version: number, m: LeaderIdAndEpoch): void {
  const flexible = version >= 9
  if (version >= 10) writer.int32(m.leaderId)
  if (version >= 10) writer.int32(m.leaderEpoch)
  if (flexible) writer.noTags()
}

export interface PartitionProduceResponse {
  /** The partition index. (versions 0+) */
  index: number
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number
  /** The base offset. (versions 0+) */
  baseOffset: bigint
  /** The timestamp returned by broker after appending the messages. If CreateTime is used for the topic, the timestamp will be -1.  If LogAppendTime is used for the topic, the timestamp will be the broker local time when the messages are appended. (versions 2+) */
  logAppendTimeMs: bigint
  /** The log start offset. (versions 5+) */
  logStartOffset: bigint
  /** The batch indices of records that caused the batch to be dropped. (versions 8+) */
  recordErrors: BatchIndexAndErrorMessage[]
  /** The global error message summarizing the common root cause of the records that caused the batch to be dropped. (versions 8+) */
  errorMessage: string | null
  /** The leader broker that the producer should use for future requests. (versions 10+) */
  currentLeader: LeaderIdAndEpoch
}

/** A PartitionProduceResponse with the schema's defaults where `fields` says nothing. */
export function partitionProduceResponse(fields: Partial<PartitionProduceResponse> = {}): PartitionProduceResponse {
  return { index: 0, errorCode: 0, baseOffset: 0n, logAppendTimeMs: -1n, logStartOffset: -1n, recordErrors: [], errorMessage: null, currentLeader: leaderIdAndEpoch(), ...fields }
}

function readPartitionProduceResponse(reader: Reader, version: number): PartitionProduceResponse {
  const flexible = version >= 9
  const m = partitionProduceResponse()
  m.index = reader.int32()
  m.errorCode = reader.int16()
  m.baseOffset = reader.int64()
  m.logAppendTimeMs = reader.int64()
  if (version >= 5) m.logStartOffset = reader.int64()
  if (version >= 8) m.recordErrors = reader.array(flexible, () => readBatchIndexAndErrorMessage(reader, version))
  if (version >= 8) m.errorMessage = reader.nullableString(flexible, true)
  if (flexible) {
    reader.tags((tag) => {
      switch (tag) {
        case 0:
          m.currentLeader = readLeaderIdAndEpoch(reader, version)
          return true
        default:
          return false
      }
    })
  }
  return m
}

function writePartitionProduceResponse(writer: Writer, version: number, m: PartitionProduceResponse): void {
  const flexible = version >= 9
  writer.int32(m.index)
  writer.int16(m.errorCode)
  writer.int64(m.baseOffset)
  writer.int64(m.logAppendTimeMs)
  if (version >= 5) writer.int64(m.logStartOffset)
  if (version >= 8) writer.array(m.recordErrors, flexible, (item) => writeBatchIndexAndErrorMessage(writer, version, item))
  if (version >= 8) writer.nullableString(m.errorMessage, flexible, true)
  if (flexible) {
    const tags: Tag[] = []
    if (version >= 10 && (m.currentLeader.leaderId !== -1 || m.currentLeader.leaderEpoch !== -1)) tags.push([0, (writer) => writeLeaderIdAndEpoch(writer, version, m.currentLeader)])
    writer.tags(tags)
  }
}

export interface TopicProduceResponse {
  /** The topic name. (versions 0-12) */
  name: string
  /** The unique topic ID (versions 13+) */
  topicId: string
  /** Each partition that we produced to within the topic. (versions 0+) */
  partitionResponses: PartitionProduceResponse[]
}

/** A TopicProduceResponse with the schema's defaults where `fields` says nothing. */
export function topicProduceResponse(fields: Partial<TopicProduceResponse> = {}): TopicProduceResponse {
  return { name: '', topicId: ZERO_UUID, partitionResponses: [], ...fields }
}

function readTopicProduceResponse(reader: Reader, version: number): TopicProduceResponse {
  const flexible = version >= 9
  const m = topicProduceResponse()
  if (version <= 12) m.name = reader.string(flexible)
  if (version >= 13) m.topicId = reader.uuid()
  m.partitionResponses = reader.array(flexible, () => readPartitionProduceResponse(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeTopicProduceResponse(writer: Writer, version: number, m: TopicProduceResponse): void {
  const flexible = version >= 9
  if (version <= 12) writer.string(m.name, flexible)
  if (version >= 13) writer.uuid(m.topicId)
  writer.array(m.partitionResponses, flexible, (item) => writePartitionProduceResponse(writer, version, item))
  if (flexible) writer.noTags()
}

export interface NodeEndpoint {
  /** The ID of the associated node. (versions 10+) */
  nodeId: number
  /** The node's hostname. (versions 10+) */
  host: string
  /** The node's port. (versions 10+) */
  port: number
  /** The rack of the node, or null if it has not been assigned to a rack. (versions 10+) */
  rack: string | null
}

/** A NodeEndpoint with the schema's defaults where `fields` says nothing. */
export function nodeEndpoint(fields: Partial<NodeEndpoint> = {}): NodeEndpoint {
  return { nodeId: 0, host: '', port: 0, rack: null, ...fields }
}

function readNodeEndpoint(reader: Reader, version: number): NodeEndpoint {
  const flexible = version >= 9
  const m = nodeEndpoint()
  if (version >= 10) m.nodeId = reader.int32()
  if (version >= 10) m.host = reader.string(flexible)
  if (version >= 10) m.port = reader.int32()
  if (version >= 10) m.rack = reader.nullableString(flexible, true)
  if (flexible) reader.skipTags()
  return m
}

function writeNodeEndpoint(writer: Writer, version: number, m: NodeEndpoint): void {
  const flexible = version >= 9
  if (version >= 10) writer.int32(m.nodeId)
  if (version >= 10) writer.string(m.host, flexible)
  if (version >= 10) writer.int32(m.port)
  if (version >= 10) writer.nullableString(m.rack, flexible, true)
  if (flexible) writer.noTags()
}

export interface ProduceResponse {
  /** Each produce response. (versions 0+) */
  responses: TopicProduceResponse[]
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 1+) */
  throttleTimeMs: number
  /** Endpoints for all current-leaders enumerated in PartitionProduceResponses, with errors NOT_LEADER_OR_FOLLOWER. (versions 10+) */
  nodeEndpoints: NodeEndpoint[]
}

/** A ProduceResponse with the schema's defaults where `fields` says nothing. */
export function produceResponse(fields: Partial<ProduceResponse> = {}): ProduceResponse {
  return { responses: [], throttleTimeMs: 0, nodeEndpoints: [], ...fields }
}

function readProduceResponse(reader: Reader, version: number): ProduceResponse {
  const flexible = version >= 9
  const m = produceResponse()
  m.responses = reader.array(flexible, () => readTopicProduceResponse(reader, version))
  m.throttleTimeMs = reader.int32()
  if (flexible) {
    reader.tags((tag) => {
      switch (tag) {
        case 0:
          m.nodeEndpoints = reader.array(flexible, () => readNodeEndpoint(reader, version))
          return true
        default:
          return false
      }
    })
  }
  return m
}

function writeProduceResponse(writer: Writer, version: number, m: ProduceResponse): void {
  const flexible = version >= 9
  writer.array(m.responses, flexible, (item) => writeTopicProduceResponse(writer, version, item))
  writer.int32(m.throttleTimeMs)
  if (flexible) {
    const tags: Tag[] = []
    if (version >= 10 && (m.nodeEndpoints.length > 0)) tags.push([0, (writer) => writer.array(m.nodeEndpoints, flexible, (item) => writeNodeEndpoint(writer, version, item))])
    writer.tags(tags)
  }
}

/** Reads and writes ProduceResponse, versions 3 to 13, flexible from 9. */
export const produceResponseCodec: Codec<ProduceResponse> = {
  name: 'ProduceResponse',
  apiKey: 0,
  minVersion: 3,
  maxVersion: 13,
  maxStableVersion: 13,
  flexibleFrom: 9,
  read: readProduceResponse,
  write: writeProduceResponse,
}
