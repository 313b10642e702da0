// Generated from FetchRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import { ZERO_UUID } from '../protocol/uuid.js'
import type { Tag, Writer } from '../protocol/writer.js'

export interface ReplicaState {
  /** The replica ID of the follower, or -1 if this request is from a consumer. (versions 15+) */
  replicaId: number
  /** The epoch of this follower, or -1 if not available. (versions 15+) */
  replicaEpoch: bigint
}

/** A ReplicaState with the schema's defaults where `fields` says nothing. */
export function replicaState(fields: Partial<ReplicaState> = {}): ReplicaState {
  return { replicaId: -1, replicaEpoch: -1n, ...fields }
}

function readReplicaState(reader: Reader, version: number): ReplicaState {
  const flexible = version >= 12
  const m = replicaState()
  if (version >= 15) m.replicaId = reader.int32()
  if (version >= 15) m.replicaEpoch = reader.int64()
  if (flexible) reader.skipTags()
  return m
}

function writeReplicaState(writer: Writer, version: number, m: ReplicaState): void {
  const flexible = version >= 12
  if (version >= 15) writer.int32(m.replicaId)
  if (version >= 15) writer.int64(m.replicaEpoch)
  if (flexible) writer.noTags()
}

export interface FetchPartition {
  /** The partition index. (versions 0+) */
  partition: number
  /** The current leader epoch of the partition. (versions 9+) */
  currentLeaderEpoch: number
  /** The message offset. (versions 0+) */
  fetchOffset: bigint
  /** The epoch of the last fetched record or -1 if there is none. (versions 12+) */
  lastFetchedEpoch: number
  /** The earliest available offset of the follower replica.  The field is only used when the request is sent by the follower. (versions 5+) */
  logStartOffset: bigint
  /** The maximum bytes to fetch from this partition.  See KIP-74 for cases where this limit may not be honored. (versions 0+) */
  partitionMaxBytes: number
  /** The directory id of the follower fetching. (versions 17+) */
  replicaDirectoryId: string
  /** The high-watermark known by the replica. -1 if the high-watermark is not known and 9223372036854775807 if the feature is not supported. (versions 18+) */
  highWatermark: bigint
}

/** A FetchPartition with the schema's defaults where `fields` says nothing. */
export function fetchPartition(fields: Partial<FetchPartition> = {}): FetchPartition {
  return { partition: 0, currentLeaderEpoch: -1, fetchOffset: 0n, lastFetchedEpoch: -1, logStartOffset: -1n, partitionMaxBytes: 0, replicaDirectoryId: ZERO_UUID, highWatermark: 9223372036854775807n, ...fields }
}

function readFetchPartition(reader: Reader, version: number): FetchPartition {
  const flexible = version >= 12
  const m = fetchPartition()
  m.partition = reader.int32()
  if (version >= 9) m.currentLeaderEpoch = reader.int32()
  m.fetchOffset = reader.int64()
  if (version >= 12) m.lastFetchedEpoch = reader.int32()
  if (version >= 5) m.logStartOffset = reader.int64()
  m.partitionMaxBytes = reader.int32()
  if (flexible) {
    reader.tags((tag) => {
      switch (tag) {
        case 0:
          m.replicaDirectoryId = reader.uuid()
          return true
        case 1:
          m.highWatermark = reader.int64()
          return true
        default:
          return false
      }
    })
  }
  return m
}

function writeFetchPartition(writer: Writer, version: number, m: FetchPartition): void {
  const flexible = version >= 12
  writer.int32(m.partition)
  if (version >= 9) writer.int32(m.currentLeaderEpoch)
  writer.int64(m.fetchOffset)
  if (version >= 12) writer.int32(m.lastFetchedEpoch)
  if (version >= 5) writer.int64(m.logStartOffset)
  writer.int32(m.partitionMaxBytes)
  if (flexible) {
    const tags: Tag[] = []
    if (version >= 17 && (m.replicaDirectoryId !== ZERO_UUID)) tags.push([0, (writer) => writer.uuid(m.replicaDirectoryId)])
    if (version >= 18 && (m.highWatermark !== 9223372036854775807n)) tags.push([1, (writer) => writer.int64(m.highWatermark)])
    writer.tags(tags)
  }
}

export interface FetchTopic {
  /** The name of the topic to fetch. (versions 0-12) */
  topic: string
  /** The unique topic ID. (versions 13+) */
  topicId: string
  /** The partitions to fetch. (versions 0+) */
  partitions: FetchPartition[]
}

/** A FetchTopic with the schema's defaults where `fields` says nothing. */
export function fetchTopic(fields: Partial<FetchTopic> = {}): FetchTopic {
  return { topic: '', topicId: ZERO_UUID, partitions: [], ...fields }
}

function readFetchTopic(reader: Reader, version: number): FetchTopic {
  const flexible = version >= 12
  const m = fetchTopic()
  if (version <= 12) m.topic = reader.string(flexible)
  if (version >= 13) m.topicId = reader.uuid()
  m.partitions = reader.array(flexible, () => readFetchPartition(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeFetchTopic(writer: Writer, version: number, m: FetchTopic): void {
  const flexible = version >= 12
  if (version <= 12) writer.string(m.topic, flexible)
  if (version >= 13) writer.uuid(m.topicId)
  writer.array(m.partitions, flexible, (item) => writeFetchPartition(writer, version, item))
  if (flexible) writer.noTags()
}

export interface ForgottenTopic {
  /** The topic name. (versions 7-12) */
  topic: string
  /** The unique topic ID. (versions 13+) */
  topicId: string
  /** The partitions indexes to forget. (versions 7+) */
  partitions: number[]
}

/** A ForgottenTopic with the schema's defaults where `fields` says nothing. */
export function forgottenTopic(fields: Partial<ForgottenTopic> = {}): ForgottenTopic {
  return { topic: '', topicId: ZERO_UUID, partitions: [], ...fields }
}

function readForgottenTopic(reader: Reader, version: number): ForgottenTopic {
  const flexible = version >= 12
  const m = forgottenTopic()
  if (version >= 7 && version <= 12) m.topic = reader.string(flexible)
  if (version >= 13) m.topicId = reader.uuid()
  if (version >= 7) m.partitions = reader.array(flexible, () => reader.int32())
  if (flexible) reader.skipTags()
  return m
}

function writeForgottenTopic(writer: Writer, version: number, m: ForgottenTopic): void {
  const flexible = version >= 12
  if (version >= 7 && version <= 12) writer.string(m.topic, flexible)
  if (version >= 13) writer.uuid(m.topicId)
  if (version >= 7) writer.array(m.partitions, flexible, (item) => writer.int32(item))
  if (flexible) writer.noTags()
}

export interface FetchRequest {
  /** The clusterId if known. This is used to validate metadata fetches prior to broker registration. (versions 12+) */
  clusterId: string | null
  /** The broker ID of the follower, of -1 if this request is from a consumer. (versions 0-14) */
  replicaId: number
  /** The state of the replica in the follower. (versions 15+) */
  replicaState: ReplicaState
  /** The maximum time in milliseconds to wait for the response. (versions 0+) */
  maxWaitMs: number
  /** The minimum bytes to accumulate in the response. (versions 0+) */
  minBytes: number
  /** The maximum bytes to fetch.  See KIP-74 for cases where this limit may not be honored. (versions 3+) */
  maxBytes: number
  /** This setting controls the visibility of transactional records. Using READ_UNCOMMITTED (isolation_level = 0) makes all records visible. With READ_COMMITTED (isolation_level = 1), non-transactional and COMMITTED transactional records are visible. To be more concrete, READ_COMMITTED returns all data from offsets smaller than the current LSO (last stable offset), and enables the inclusion of the list of aborted transactions in the result, which allows consumers to discard ABORTED transactional records. (versions 4+) */
  isolationLevel: number
  /** The fetch session ID. (versions 7+) */
  sessionId: number
  /** The fetch session epoch, which is used for ordering requests in a session. (versions 7+) */
  sessionEpoch: number
  /** The topics to fetch. (versions 0+) */
  topics: FetchTopic[]
  /** In an incremental fetch request, the partitions to remove. (versions 7+) */
  forgottenTopicsData: ForgottenTopic[]
  /** Rack ID of the consumer making this request. (versions 11+) */
  rackId: string
}

/** A FetchRequest with the schema's defaults where `fields` says nothing. */
export function fetchRequest(fields: Partial<FetchRequest> = {}): FetchRequest {
  return { clusterId: null, replicaId: -1, replicaState: replicaState(), maxWaitMs: 0, minBytes: 0, maxBytes: 2147483647, isolationLevel: 0, sessionId: 0, sessionEpoch: -1, topics: [], forgottenTopicsData: [], rackId: '', ...fields }
}

function readFetchRequest(reader: Reader, version: number): FetchRequest {
  const flexible = version >= 12
  const m = fetchRequest()
  if (version <= 14) m.replicaId = reader.int32()
  m.maxWaitMs = reader.int32()
  m.minBytes = reader.int32()
  m.maxBytes = reader.int32()
  m.isolationLevel = reader.int8()
  if (version >= 7) m.sessionId = reader.int32()
  if (version >= 7) m.sessionEpoch = reader.int32()
  m.topics = reader.array(flexible, () => readFetchTopic(reader, version))
  if (version >= 7) m.forgottenTopicsData = reader.array(flexible, () => readForgottenTopic(reader, version))
  if (version >= 11) m.rackId = reader.string(flexible)
  if (flexible) {
    reader.tags((tag) => {
      switch (tag) {
        case 0:
          m.clusterId = reader.nullableString(flexible, true)
          return true
        case 1:
          m.replicaState = readReplicaState(reader, version)
          return true
        default:
          return false
      }
    })
  }
  return m
}

function writeFetchRequest(writer: Writer, version: number, m: FetchRequest): void {
  const flexible = version >= 12
  if (version <= 14) writer.int32(m.replicaId)
  writer.int32(m.maxWaitMs)
  writer.int32(m.minBytes)
  writer.int32(m.maxBytes)
  writer.int8(m.isolationLevel)
  if (version >= 7) writer.int32(m.sessionId)
  if (version >= 7) writer.int32(m.sessionEpoch)
  writer.array(m.topics, flexible, (item) => writeFetchTopic(writer, version, item))
  if (version >= 7) writer.array(m.forgottenTopicsData, flexible, (item) => writeForgottenTopic(writer, version, item))
  if (version >= 11) writer.string(m.rackId, flexible)
  if (flexible) {
    const tags: Tag[] = []
    if (m.clusterId !== null) tags.push([0, (writer) => writer.nullableString(m.clusterId, flexible, true)])
    if (version >= 15 && (m.replicaState.replicaId !== -1 || m.replicaState.replicaEpoch !== -1n)) tags.push([1, (writer) => writeReplicaState(writer, version, m.replicaState)])
    writer.tags(tags)
  }
}

/** Reads and writes FetchRequest, versions 4 to 18, flexible from 12. */
export const fetchRequestCodec: Codec<FetchRequest> = {
  name: 'FetchRequest',
  apiKey: 1,
  minVersion: 4,
  maxVersion: 18,
  maxStableVersion: 18,
  flexibleFrom: 12,
  read: readFetchRequest,
  write: writeFetchRequest,
}
