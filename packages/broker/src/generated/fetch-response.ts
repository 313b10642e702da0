// Generated from FetchResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import { ZERO_UUID } from '../protocol/uuid.js'
import type { Tag, Writer } from '../protocol/writer.js'

export interface EpochEndOffset {
  /** The largest epoch. (versions 12+) */
  epoch: number
  /** The end offset of the epoch. (versions 12+) */
  endOffset: bigint
}

/** A EpochEndOffset with the schema's defaults where `fields` says nothing. */
export function epochEndOffset(fields: Partial<EpochEndOffset> = {}): EpochEndOffset {
  return { epoch: -1, endOffset: -1n, ...fields }
}

function readEpochEndOffset(reader: Reader, version: number): EpochEndOffset {
  const flexible = version >= 12
  const m = epochEndOffset()
  if (version >= 12) m.epoch = reader.int32()
  if (version >= 12) m.endOffset = reader.int64()
  if (flexible) reader.skipTags()
  return m
}

function writeEpochEndOffset(writer: Writer, version: number, m: EpochEndOffset): void {
  const flexible = version >= 12
  if (version >= 12) writer.int32(m.epoch)
  if (version >= 12) writer.int64(m.endOffset)
  if (flexible) writer.noTags()
}

export interface LeaderIdAndEpoch {
  /** The ID of the current leader or -1 if the leader is unknown. (versions 12+) */
  leaderId: number
  /** The latest known leader epoch. (versions 12+) */
  leaderEpoch: number
}

/** A LeaderIdAndEpoch with the schema's defaults where `fields` says nothing. */
export function leaderIdAndEpoch(fields: Partial<LeaderIdAndEpoch> = {}): LeaderIdAndEpoch {
  return { leaderId: -1, leaderEpoch: -1, ...fields }
}

function readLeaderIdAndEpoch(reader: Reader, version: number): LeaderIdAndEpoch {
  const flexible = version >= 12
  const m = leaderIdAndEpoch()
  if (version >= 12) m.leaderId = reader.int32()
  if (version >= 12) m.leaderEpoch = reader.int32()
  if (flexible) reader.skipTags()
  return m
}

function writeLeaderIdAndEpoch(writer: Writer, version: number, m: LeaderIdAndEpoch): void {
  const flexible = version >= 12
  if (version >= 12) writer.int32(m.leaderId)
  if (version >= 12) writer.int32(m.leaderEpoch)
  if (flexible) writer.noTags()
}

export interface SnapshotId {
  /** The end offset of the epoch. (versions 0+) */
  endOffset: bigint
  /** The largest epoch. (versions 0+) */
  epoch: number
}

/** A SnapshotId with the schema's defaults where `fields` says nothing. */
export function snapshotId(fields: Partial<SnapshotId> = {}): SnapshotId {
  return { endOffset: -1n, epoch: -1, ...fields }
}

function readSnapshotId(reader: Reader, version: number): SnapshotId {
  const flexible = version >= 12
  const m = snapshotId()
  m.endOffset = reader.int64()
  m.epoch = reader.int32()
  if (flexible) reader.skipTags()
  return m
}

function writeSnapshotId(writer: Writer, version: number, m: SnapshotId): void {
  const flexible = version >= 12
  writer.int64(m.endOffset)
  writer.int32(m.epoch)
  if (flexible) writer.noTags()
}

export interface AbortedTransaction {
  /** The producer id associated with the aborted transaction. (versions 4+) */
  producerId: bigint
  /** The first offset in the aborted transaction. (versions 4+) */
  firstOffset: bigint
}

/** A AbortedTransaction with the schema's defaults where `fields` says nothing. */
export function abortedTransaction(fields: Partial<AbortedTransaction> = {}): AbortedTransaction {
  return { producerId: 0n, firstOffset: 0n, ...fields }
}

function readAbortedTransaction(reader: Reader, version: number): AbortedTransaction {
  const flexible = version >= 12
  const m = abortedTransaction()
  m.producerId = reader.int64()
  m.firstOffset = reader.int64()
  if (flexible) reader.skipTags()
  return m
}

function writeAbortedTransaction(writer: Writer, version: number, m: AbortedTransaction): void {
  const flexible = version >= 12
  writer.int64(m.producerId)
  writer.int64(m.firstOffset)
  if (flexible) writer.noTags()
}

export interface PartitionData {
  /** The partition index. (versions 0+) */
  partitionIndex: number
  /** The error code, or 0 if there was no fetch error. (versions 0+) */
  errorCode: number
  /** The current high water mark. (versions 0+) */
  highWatermark: bigint
  /** The last stable offset (or LSO) of the partition. This is the last offset such that the state of all transactional records prior to this offset have been decided (ABORTED or COMMITTED). (versions 4+) */
  lastStableOffset: bigint
  /** The current log start offset. (versions 5+) */
  logStartOffset: bigint
  /** In case divergence is detected based on the `LastFetchedEpoch` and `FetchOffset` in the request, this field indicates the largest epoch and its end offset such that subsequent records are known to diverge. (versions 12+) */
  divergingEpoch: EpochEndOffset
  /** The current leader of the partition. (versions 12+) */
  currentLeader: LeaderIdAndEpoch
  /** In the case of fetching an offset less than the LogStartOffset, this is the end offset and epoch that should be used in the FetchSnapshot request. (versions 12+) */
  snapshotId: SnapshotId
  /** The aborted transactions. (versions 4+) */
  abortedTransactions: AbortedTransaction[] | null
  /** The preferred read replica for the consumer to use on its next fetch request. (versions 11+) */
  preferredReadReplica: number
  /** The record data. (versions 0+) */
  records: Buffer | null
}

/** A PartitionData with the schema's defaults where `fields` says nothing. */
export function partitionData(fields: Partial<PartitionData> = {}): PartitionData {
  return { partitionIndex: 0, errorCode: 0, highWatermark: 0n, lastStableOffset: -1n, logStartOffset: -1n, divergingEpoch: epochEndOffset(), currentLeader: leaderIdAndEpoch(), snapshotId: snapshotId(), abortedTransactions: [], preferredReadReplica: -1, records: null, ...fields }
}

function readPartitionData(reader: Reader, version: number): PartitionData {
  const flexible = version >= 12
  const m = partitionData()
  m.partitionIndex = reader.int32()
  m.errorCode = reader.int16()
  m.highWatermark = reader.int64()
  m.lastStableOffset = reader.int64()
  if (version >= 5) m.logStartOffset = reader.int64()
  m.abortedTransactions = reader.nullableArray(flexible, true, () => readAbortedTransaction(reader, version))
  if (version >= 11) m.preferredReadReplica = reader.int32()
  m.records = reader.nullableBytes(flexible, true)
  if (flexible) {
    reader.tags((tag) => {
      switch (tag) {
        case 0:
          m.divergingEpoch = readEpochEndOffset(reader, version)
          return true
        case 1:
          m.currentLeader = readLeaderIdAndEpoch(reader, version)
          return true
        case 2:
          m.snapshotId = readSnapshotId(reader, version)
          return true
        default:
          return false
      }
    })
  }
  return m
}

function writePartitionData(writer: Writer, version: number, m: PartitionData): void {
  const flexible = version >= 12
  writer.int32(m.partitionIndex)
  writer.int16(m.errorCode)
  writer.int64(m.highWatermark)
  writer.int64(m.lastStableOffset)
  if (version >= 5) writer.int64(m.logStartOffset)
  writer.nullableArray(m.abortedTransactions, flexible, true, (item) => writeAbortedTransaction(writer, version, item))
  if (version >= 11) writer.int32(m.preferredReadReplica)
  writer.nullableBytes(m.records, flexible, true)
  if (flexible) {
    const tags: Tag[] = []
    if (m.divergingEpoch.epoch !== -1 || m.divergingEpoch.endOffset !== -1n) tags.push([0, (writer) => writeEpochEndOffset(writer, version, m.divergingEpoch)])
    if (m.currentLeader.leaderId !== -1 || m.currentLeader.leaderEpoch !== -1) tags.push([1, (writer) => writeLeaderIdAndEpoch(writer, version, m.currentLeader)])
    if (m.snapshotId.endOffset !== -1n || m.snapshotId.epoch !== -1) tags.push([2, (writer) => writeSnapshotId(writer, version, m.snapshotId)])
    writer.tags(tags)
  }
}

export interface FetchableTopicResponse {
  /** The topic name. (versions 0-12) */
  topic: string
  /** The unique topic ID. (versions 13+) */
  topicId: string
  /** The topic partitions. (versions 0+) */
  partitions: PartitionData[]
}

/** A FetchableTopicResponse with the schema's defaults where `fields` says nothing. */
export function fetchableTopicResponse(fields: Partial<FetchableTopicResponse> = {}): FetchableTopicResponse {
  return { topic: '', topicId: ZERO_UUID, partitions: [], ...fields }
}

function readFetchableTopicResponse(reader: Reader, version: number): FetchableTopicResponse {
  const flexible = version >= 12
  const m = fetchableTopicResponse()
  if (version <= 12) m.topic = reader.string(flexible)
  if (version >= 13) m.topicId = reader.uuid()
  m.partitions = reader.array(flexible, () => readPartitionData(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeFetchableTopicResponse(writer: Writer, version: number, m: FetchableTopicResponse): void {
  const flexible = version >= 12
  if (version <= 12) writer.string(m.topic, flexible)
  if (version >= 13) writer.uuid(m.topicId)
  writer.array(m.partitions, flexible, (item) => writePartitionData(writer, version, item))
  if (flexible) writer.noTags()
}

export interface NodeEndpoint {
  /** The ID of the associated node. (versions 16+) */
  nodeId: number
  /** The node's hostname. (versions 16+) */
  host: string
  /** The node's port. (versions 16+) */
  port: number
  /** The rack of the node, or null if it has not been assigned to a rack. (versions 16+) */
  rack: string | null
}

/** A NodeEndpoint with the schema's defaults where `fields` says nothing. */
export function nodeEndpoint(fields: Partial<NodeEndpoint> = {}): NodeEndpoint {
  return { nodeId: 0, host: '', port: 0, rack: null, ...fields }
}

function readNodeEndpoint(reader: Reader, version: number): NodeEndpoint {
  const flexible = version >= 12
  const m = nodeEndpoint()
  if (version >= 16) m.nodeId = reader.int32()
  if (version >= 16) m.host = reader.string(flexible)
  if (version >= 16) m.port = reader.int32()
  if (version >= 16) m.rack = reader.nullableString(flexible, true)
  if (flexible) reader.skipTags()
  return m
}

function writeNodeEndpoint(writer: Writer, version: number, m: NodeEndpoint): void {
  const flexible = version >= 12
  if (version >= 16) writer.int32(m.nodeId)
  if (version >= 16) writer.string(m.host, flexible)
  if (version >= 16) writer.int32(m.port)
  if (version >= 16) writer.nullableString(m.rack, flexible, true)
  if (flexible) writer.noTags()
}

export interface FetchResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 1+) */
  throttleTimeMs: number
  /** The top level response error code. (versions 7+) */
  errorCode: number
  /** The fetch session ID, or 0 if this is not part of a fetch session. (versions 7+) */
  sessionId: number
  /** The response topics. (versions 0+) */
  responses: FetchableTopicResponse[]
  /** Endpoints for all current-leaders enumerated in PartitionData, with errors NOT_LEADER_OR_FOLLOWER & FENCED_LEADER_EPOCH. (versions 16+) */
  nodeEndpoints: NodeEndpoint[]
}

/** A FetchResponse with the schema's defaults where `fields` says nothing. */
export function fetchResponse(fields: Partial<FetchResponse> = {}): FetchResponse {
  return { throttleTimeMs: 0, errorCode: 0, sessionId: 0, responses: [], nodeEndpoints: [], ...fields }
}

function readFetchResponse(reader: Reader, version: number): FetchResponse {
  const flexible = version >= 12
  const m = fetchResponse()
  m.throttleTimeMs = reader.int32()
  if (version >= 7) m.errorCode = reader.int16()
  if (version >= 7) m.sessionId = reader.int32()
  m.responses = reader.array(flexible, () => readFetchableTopicResponse(reader, version))
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

function writeFetchResponse(writer: Writer, version: number, m: FetchResponse): void {
  const flexible = version >= 12
  writer.int32(m.throttleTimeMs)
  if (version >= 7) writer.int16(m.errorCode)
  if (version >= 7) writer.int32(m.sessionId)
  writer.array(m.responses, flexible, (item) => writeFetchableTopicResponse(writer, version, item))
  if (flexible) {
    const tags: Tag[] = []
    if (version >= 16 && (m.nodeEndpoints.length > 0)) tags.push([0, (writer) => writer.array(m.nodeEndpoints, flexible, (item) => writeNodeEndpoint(writer, version, item))])
    writer.tags(tags)
  }
}

/** Reads and writes FetchResponse, versions 4 to 18, flexible from 12. */
export const fetchResponseCodec: Codec<FetchResponse> = {
  name: 'FetchResponse',
  apiKey: 1,
  minVersion: 4,
  maxVersion: 18,
  maxStableVersion: 18,
  flexibleFrom: 12,
  read: readFetchResponse,
  write: writeFetchResponse,
}
