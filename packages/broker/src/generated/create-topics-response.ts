// Generated from CreateTopicsResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import { ZERO_UUID } from '../protocol/uuid.js'
import type { Tag, Writer } from '../protocol/writer.js'

export interface CreatableTopicConfigs {
  /** The configuration name. (versions 5+) */
  name: string
  /** The configuration value. (versions 5+) */
  value: string | null
  /** True if the configuration is read-only. (versions 5+) */
  readOnly: boolean
  /** The configuration source. (versions 5+) */
  configSource: number
  /** True if this configuration is sensitive. (versions 5+) */
  isSensitive: boolean
}

/** A CreatableTopicConfigs with the schema's defaults where `fields` says nothing. */
export function creatableTopicConfigs(fields: Partial<CreatableTopicConfigs> = {}): CreatableTopicConfigs {
  return { name: '', value: '', readOnly: false, configSource: -1, isSensitive: false, ...fields }
}

function readCreatableTopicConfigs(reader: Reader, version: number): CreatableTopicConfigs {
  const flexible = version >= 5
  const m = creatableTopicConfigs()
  if (version >= 5) m.name = reader.string(flexible)
  if (version >= 5) m.value = reader.nullableString(flexible, true)
  if (version >= 5) m.readOnly = reader.bool()
  if (version >= 5) m.configSource = reader.int8()
  if (version >= 5) m.isSensitive = reader.bool()
  if (flexible) reader.skipTags()
  return m
}

function writeCreatableTopicConfigs(writer: Writer, version: number, m: CreatableTopicConfigs): void {
  const flexible = version >= 5
  if (version >= 5) writer.string(m.name, flexible)
  if (version >= 5) writer.nullableString(m.value, flexible, true)
  if (version >= 5) writer.bool(m.readOnly)
  if (version >= 5) writer.int8(m.configSource)
  if (version >= 5) writer.bool(m.isSensitive)
  if (flexible) writer.noTags()
}

export interface CreatableTopicResult {
  /** The topic name. (versions 0+) */
  name: string
  /** The unique topic ID. (versions 7+) */
  topicId: string
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number
  /** The error message, or null if there was no error. (versions 1+) */
  errorMessage: string | null
  /** Optional topic config error returned if configs are not returned in the response. (versions 5+) */
  topicConfigErrorCode: number
  /** Number of partitions of the topic. (versions 5+) */
  numPartitions: number
  /** Replication factor of the topic. (versions 5+) */
  replicationFactor: number
  /** Configuration of the topic. (versions 5+) */
  configs: CreatableTopicConfigs[] | null
}

/** A CreatableTopicResult with the schema's defaults where `fields` says nothing. */
export function creatableTopicResult(fields: Partial<CreatableTopicResult> = {}): CreatableTopicResult {
  return { name: '', topicId: ZERO_UUID, errorCode: 0, errorMessage: '', topicConfigErrorCode: 0, numPartitions: -1, replicationFactor: -1, configs: [], ...fields }
}

function readCreatableTopicResult(reader: Reader, version: number): CreatableTopicResult {
  const flexible = version >= 5
  const m = creatableTopicResult()
  m.name = reader.string(flexible)
  if (version >= 7) m.topicId = reader.uuid()
  m.errorCode = reader.int16()
  m.errorMessage = reader.nullableString(flexible, true)
  if (version >= 5) m.numPartitions = reader.int32()
  if (version >= 5) m.replicationFactor = reader.int16()
  if (version >= 5) m.configs = reader.nullableArray(flexible, true, () => readCreatableTopicConfigs(reader, version))
  if (flexible) {
    reader.tags((tag) => {
      switch (tag) {
        case 0:
          m.topicConfigErrorCode = reader.int16()
          return true
        default:
          return false
      }
    })
  }
  return m
}

function writeCreatableTopicResult(writer: Writer, version: number, m: CreatableTopicResult): void {
  const flexible = version >= 5
  writer.string(m.name, flexible)
  if (version >= 7) writer.uuid(m.topicId)
  writer.int16(m.errorCode)
  writer.nullableString(m.errorMessage, flexible, true)
  if (version >= 5) writer.int32(m.numPartitions)
  if (version >= 5) writer.int16(m.replicationFactor)
  if (version >= 5) writer.nullableArray(m.configs, flexible, true, (item) => writeCreatableTopicConfigs(writer, version, item))
  if (flexible) {
    const tags: Tag[] = []
    if (m.topicConfigErrorCode !== 0) tags.push([0, (writer) => writer.int16(m.topicConfigErrorCode)])
    writer.tags(tags)
  }
}

export interface CreateTopicsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 2+) */
  throttleTimeMs: number
  /** Results for each topic we tried to create. (versions 0+) */
  topics: CreatableTopicResult[]
}

/** A CreateTopicsResponse with the schema's defaults where `fields` says nothing. */
export function createTopicsResponse(fields: Partial<CreateTopicsResponse> = {}): CreateTopicsResponse {
  return { throttleTimeMs: 0, topics: [], ...fields }
}

function readCreateTopicsResponse(reader: Reader, version: number): CreateTopicsResponse {
  const flexible = version >= 5
  const m = createTopicsResponse()
  m.throttleTimeMs = reader.int32()
  m.topics = reader.array(flexible, () => readCreatableTopicResult(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeCreateTopicsResponse(writer: Writer, version: number, m: CreateTopicsResponse): void {
  const flexible = version >= 5
  writer.int32(m.throttleTimeMs)
  writer.array(m.topics, flexible, (item) => writeCreatableTopicResult(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes CreateTopicsResponse, versions 2 to 7, flexible from 5. */
export const createTopicsResponseCodec: Codec<CreateTopicsResponse> = {
  name: 'CreateTopicsResponse',
  apiKey: 19,
  minVersion: 2,
  maxVersion: 7,
  maxStableVersion: 7,
  flexibleFrom: 5,
  read: readCreateTopicsResponse,
  write: writeCreateTopicsResponse,
}
