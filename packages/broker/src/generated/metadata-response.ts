// Generated from MetadataResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import { ZERO_UUID } from '../protocol/uuid.js'
import type { Writer } from '../protocol/writer.js'

export interface MetadataResponseBroker {
  /** The broker ID. (versions 0+) */
  nodeId: number
  /** The broker hostname. (versions 0+) */
  host: string
  /** The broker port. (versions 0+) */
  port: number
  /** The rack of the broker, or null if it has not been assigned to a rack. (versions 1+) */
  rack: string | null
}

/** A MetadataResponseBroker with the schema's defaults where `fields` says nothing. */
export function metadataResponseBroker(fields: Partial<MetadataResponseBroker> = {}): MetadataResponseBroker {
  return { nodeId: 0, host: '', port: 0, rack: null, ...fields }
}

function readMetadataResponseBroker(reader: Reader, version: number): MetadataResponseBroker {
  const flexible = version >= 9
  const m = metadataResponseBroker()
  m.nodeId = reader.int32()
  m.host = reader.string(flexible)
  m.port = reader.int32()
  if (version >= 1) m.rack = reader.nullableString(flexible, true)
  if (flexible) reader.skipTags()
  return m
}

function writeMetadataResponseBroker(writer: Writer, version: number, m: MetadataResponseBroker): void {
  const flexible = version >= 9
  writer.int32(m.nodeId)
  writer.string(m.host, flexible)
  writer.int32(m.port)
  if (version >= 1) writer.nullableString(m.rack, flexible, true)
  if (flexible) writer.noTags()
}

export interface MetadataResponsePartition {
  /** The partition error, or 0 if there was no error. (versions 0+) */
  errorCode: number
  /** The partition index. (versions 0+) */
  partitionIndex: number
  /** The ID of the leader broker. (versions 0+) */
  leaderId: number
  /** The leader epoch of this partition. (versions 7+) */
  leaderEpoch: number
  /** The set of all nodes that host this partition. (versions 0+) */
  replicaNodes: number[]
  /** The set of nodes that are in sync with the leader for this partition. (versions 0+) */
  isrNodes: number[]
  /** The set of offline replicas of this partition. (versions 5+) */
  offlineReplicas: number[]
}

/** A MetadataResponsePartition with the schema's defaults where `fields` says nothing. */
export function metadataResponsePartition(fields: Partial<MetadataResponsePartition> = {}): MetadataResponsePartition {
  return { errorCode: 0, partitionIndex: 0, leaderId: 0, leaderEpoch: -1, replicaNodes: [], isrNodes: [], offlineReplicas: [], ...fields }
}

function readMetadataResponsePartition(reader: Reader, version: number): MetadataResponsePartition {
  const flexible = version >= 9
  const m = metadataResponsePartition()
  m.errorCode = reader.int16()
  m.partitionIndex = reader.int32()
  m.leaderId = reader.int32()
  if (version >= 7) m.leaderEpoch = reader.int32()
  m.replicaNodes = reader.array(flexible, () => reader.int32())
  m.isrNodes = reader.array(flexible, () => reader.int32())
  if (version >= 5) m.offlineReplicas = reader.array(flexible, () => reader.int32())
  if (flexible) reader.skipTags()
  return m
}

function writeMetadataResponsePartition(writer: Writer, version: number, m: MetadataResponsePartition): void {
  const flexible = version >= 9
  writer.int16(m.errorCode)
  writer.int32(m.partitionIndex)
  writer.int32(m.leaderId)
  if (version >= 7) writer.int32(m.leaderEpoch)
  writer.array(m.replicaNodes, flexible, (item) => writer.int32(item))
  writer.array(m.isrNodes, flexible, (item) => writer.int32(item))
  if (version >= 5) writer.array(m.offlineReplicas, flexible, (item) => writer.int32(item))
  if (flexible) writer.noTags()
}

export interface MetadataResponseTopic {
  /** The topic error, or 0 if there was no error. (versions 0+) */
  errorCode: number
  /** The topic name. Null for non-existing topics queried by ID. This is never null when ErrorCode is zero. One of Name and TopicId is always populated. (versions 0+) */
  name: string | null
  /** The topic id. Zero for non-existing topics queried by name. This is never zero when ErrorCode is zero. One of Name and TopicId is always populated. (versions 10+) */
  topicId: string
  /** True if the topic is internal. (versions 1+) */
  isInternal: boolean
  /** Each partition in the topic. (versions 0+) */
  partitions: MetadataResponsePartition[]
  /** 32-bit bitfield to represent authorized operations for this topic. (versions 8+) */
  topicAuthorizedOperations: number
}

/** A MetadataResponseTopic with the schema's defaults where `fields` says nothing. */
export function metadataResponseTopic(fields: Partial<MetadataResponseTopic> = {}): MetadataResponseTopic {
  return { errorCode: 0, name: '', topicId: ZERO_UUID, isInternal: false, partitions: [], topicAuthorizedOperations: -2147483648, ...fields }
}

function readMetadataResponseTopic(reader: Reader, version: number): MetadataResponseTopic {
  const flexible = version >= 9
  const m = metadataResponseTopic()
  m.errorCode = reader.int16()
  m.name = reader.nullableString(flexible, version >= 12)
  if (version >= 10) m.topicId = reader.uuid()
  if (version >= 1) m.isInternal = reader.bool()
  m.partitions = reader.array(flexible, () => readMetadataResponsePartition(reader, version))
  if (version >= 8) m.topicAuthorizedOperations = reader.int32()
  if (flexible) reader.skipTags()
  return m
}

function writeMetadataResponseTopic(writer: Writer, version: number, m: MetadataResponseTopic): void {
  const flexible = version >= 9
  writer.int16(m.errorCode)
  writer.nullableString(m.name, flexible, version >= 12)
  if (version >= 10) writer.uuid(m.topicId)
  if (version >= 1) writer.bool(m.isInternal)
  writer.array(m.partitions, flexible, (item) => writeMetadataResponsePartition(writer, version, item))
  if (version >= 8) writer.int32(m.topicAuthorizedOperations)
  if (flexible) writer.noTags()
}

export interface MetadataResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 3+) */
  throttleTimeMs: number
  /** A list of brokers present in the cluster. (versions 0+) */
  brokers: MetadataResponseBroker[]
  /** The cluster ID that responding broker belongs to. (versions 2+) */
  clusterId: string | null
  /** The ID of the controller broker. (versions 1+) */
  controllerId: number
  /** Each topic in the response. (versions 0+) */
  topics: MetadataResponseTopic[]
  /** 32-bit bitfield to represent authorized operations for this cluster. (versions 8-10) */
  clusterAuthorizedOperations: number
  /** The top-level error code, or 0 if there was no error. (versions 13+) */
  errorCode: number
}

/** A MetadataResponse with the schema's defaults where `fields` says nothing. */
export function metadataResponse(fields: Partial<MetadataResponse> = {}): MetadataResponse {
  return { throttleTimeMs: 0, brokers: [], clusterId: null, controllerId: -1, topics: [], clusterAuthorizedOperations: -2147483648, errorCode: 0, ...fields }
}

function readMetadataResponse(reader: Reader, version: number): MetadataResponse {
  const flexible = version >= 9
  const m = metadataResponse()
  if (version >= 3) m.throttleTimeMs = reader.int32()
  m.brokers = reader.array(flexible, () => readMetadataResponseBroker(reader, version))
  if (version >= 2) m.clusterId = reader.nullableString(flexible, true)
  if (version >= 1) m.controllerId = reader.int32()
  m.topics = reader.array(flexible, () => readMetadataResponseTopic(reader, version))
  if (version >= 8 && version <= 10) m.clusterAuthorizedOperations = reader.int32()
  if (version >= 13) m.errorCode = reader.int16()
  if (flexible) reader.skipTags()
  return m
}

function writeMetadataResponse(writer: Writer, version: number, m: MetadataResponse): void {
  const flexible = version >= 9
  if (version >= 3) writer.int32(m.throttleTimeMs)
  writer.array(m.brokers, flexible, (item) => writeMetadataResponseBroker(writer, version, item))
  if (version >= 2) writer.nullableString(m.clusterId, flexible, true)
  if (version >= 1) writer.int32(m.controllerId)
  writer.array(m.topics, flexible, (item) => writeMetadataResponseTopic(writer, version, item))
  if (version >= 8 && version <= 10) writer.int32(m.clusterAuthorizedOperations)
  if (version >= 13) writer.int16(m.errorCode)
  if (flexible) writer.noTags()
}

/** Reads and writes MetadataResponse, versions 0 to 13, flexible from 9. */
export const metadataResponseCodec: Codec<MetadataResponse> = {
  name: 'MetadataResponse',
  apiKey: 3,
  minVersion: 0,
  maxVersion: 13,
  maxStableVersion: 13,
  flexibleFrom: 9,
  read: readMetadataResponse,
  write: writeMetadataResponse,
}
