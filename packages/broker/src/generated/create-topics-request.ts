// Generated from CreateTopicsRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface CreatableReplicaAssignment {
  /** The partition index. (versions 0+) */
  partitionIndex: number
  /** The brokers to place the partition on. (versions 0+) */
  brokerIds: number[]
}

/** A CreatableReplicaAssignment with the schema's defaults where `fields` says nothing. */
export function creatableReplicaAssignment(fields: Partial<CreatableReplicaAssignment> = {}): CreatableReplicaAssignment {
  return { partitionIndex: 0, brokerIds: [], ...fields }
}

function readCreatableReplicaAssignment(reader: Reader, version: number): CreatableReplicaAssignment {
  const flexible = version >= 5
  const m = creatableReplicaAssignment()
  m.partitionIndex = reader.int32()
  m.brokerIds = reader.array(flexible, () => reader.int32())
  if (flexible) reader.skipTags()
  return m
}

function writeCreatableReplicaAssignment(writer: Writer, version: number, m: CreatableReplicaAssignment): void {
  const flexible = version >= 5
  writer.int32(m.partitionIndex)
  writer.array(m.brokerIds, flexible, (item) => writer.int32(item))
  if (flexible) writer.noTags()
}

export interface CreatableTopicConfig {
  /** The configuration name. (versions 0+) */
  name: string
  /** The configuration value. (versions 0+) */
  value: string | null
}

/** A CreatableTopicConfig with the schema's defaults where `fields` says nothing. */
export function creatableTopicConfig(fields: Partial<CreatableTopicConfig> = {}): CreatableTopicConfig {
  return { name: '', value: '', ...fields }
}

function readCreatableTopicConfig(reader: Reader, version: number): CreatableTopicConfig {
  const flexible = version >= 5
  const m = creatableTopicConfig()
  m.name = reader.string(flexible)
  m.value = reader.nullableString(flexible, true)
  if (flexible) reader.skipTags()
  return m
}

function writeCreatableTopicConfig(writer: Writer, version: number, m: CreatableTopicConfig): void {
  const flexible = version >= 5
  writer.string(m.name, flexible)
  writer.nullableString(m.value, flexible, true)
  if (flexible) writer.noTags()
}

export interface CreatableTopic {
  /** The topic name. (versions 0+) */
  name: string
  /** The number of partitions to create in the topic, or -1 if we are either specifying a manual partition assignment or using the default partitions. (versions 0+) */
  numPartitions: number
  /** The number of replicas to create for each partition in the topic, or -1 if we are either specifying a manual partition assignment or using the default replication factor. (versions 0+) */
  replicationFactor: number
  /** The manual partition assignment, or the empty array if we are using automatic assignment. (versions 0+) */
  assignments: CreatableReplicaAssignment[]
  /** The custom topic configurations to set. (versions 0+) */
  configs: CreatableTopicConfig[]
}

/** A CreatableTopic with the schema's defaults where `fields` says nothing. */
export function creatableTopic(fields: Partial<CreatableTopic> = {}): CreatableTopic {
  return { name: '', numPartitions: 0, replicationFactor: 0, assignments: [], configs: [], ...fields }
}

function readCreatableTopic(reader: Reader, version: number): CreatableTopic {
  const flexible = version >= 5
  const m = creatableTopic()
  m.name = reader.string(flexible)
  m.numPartitions = reader.int32()
  m.replicationFactor = reader.int16()
  m.assignments = reader.array(flexible, () => readCreatableReplicaAssignment(reader, version))
  m.configs = reader.array(flexible, () => readCreatableTopicConfig(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeCreatableTopic(writer: Writer, version: number, m: CreatableTopic): void {
  const flexible = version >= 5
  writer.string(m.name, flexible)
  writer.int32(m.numPartitions)
  writer.int16(m.replicationFactor)
  writer.array(m.assignments, flexible, (item) => writeCreatableReplicaAssignment(writer, version, item))
  writer.array(m.configs, flexible, (item) => writeCreatableTopicConfig(writer, version, item))
  if (flexible) writer.noTags()
}

export interface CreateTopicsRequest {
  /** The topics to create. (versions 0+) */
  topics: CreatableTopic[]
  /** How long to wait in milliseconds before timing out the request. (versions 0+) */
  timeoutMs: number
  /** If true, check that the topics can be created as specified, but don't create anything. (versions 1+) */
  validateOnly: boolean
}

/** A CreateTopicsRequest with the schema's defaults where `fields` says nothing. */
export function createTopicsRequest(fields: Partial<CreateTopicsRequest> = {}): CreateTopicsRequest {
  return { topics: [], timeoutMs: 60000, validateOnly: false, ...fields }
}

function readCreateTopicsRequest(reader: Reader, version: number): CreateTopicsRequest {
  const flexible = version >= 5
  const m = createTopicsRequest()
  m.topics = reader.array(flexible, () => readCreatableTopic(reader, version))
  m.timeoutMs = reader.int32()
  m.validateOnly = reader.bool()
  if (flexible) reader.skipTags()
  return m
}

function writeCreateTopicsRequest(writer: Writer, version: number, m: CreateTopicsRequest): void {
  const flexible = version >= 5
  writer.array(m.topics, flexible, (item) => writeCreatableTopic(writer, version, item))
  writer.int32(m.timeoutMs)
  writer.bool(m.validateOnly)
  if (flexible) writer.noTags()
}

/** Reads and writes CreateTopicsRequest, versions 2 to 7, flexible from 5. */
export const createTopicsRequestCodec: Codec<CreateTopicsRequest> = {
  name: 'CreateTopicsRequest',
  apiKey: 19,
  minVersion: 2,
  maxVersion: 7,
  maxStableVersion: 7,
  flexibleFrom: 5,
  read: readCreateTopicsRequest,
  write: writeCreateTopicsRequest,
}
