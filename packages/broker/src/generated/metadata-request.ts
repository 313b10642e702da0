// Generated from MetadataRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import { ZERO_UUID } from '../protocol/uuid.js'
import type { Writer } from '../protocol/writer.js'

export interface MetadataRequestTopic {
  /** The topic id. (versions 10+) */
  topicId: string
  /** The topic name. (versions 0+) */
  name: string | null
}

/** A MetadataRequestTopic with the schema's defaults where `fields` says nothing. */
export function metadataRequestTopic(fields: Partial<MetadataRequestTopic> = {}): MetadataRequestTopic {
  return { topicId: ZERO_UUID, name: '', ...fields }
}

function readMetadataRequestTopic(reader: Reader, version: number): MetadataRequestTopic {
  const flexible = version >= 9
  const m = metadataRequestTopic()
  if (version >= 10) m.topicId = reader.uuid()
  m.name = reader.nullableString(flexible, version >= 10)
  if (flexible) reader.skipTags()
  return m
}

function writeMetadataRequestTopic(writer: Writer, version: number, m: MetadataRequestTopic): void {
  const flexible = version >= 9
  if (version >= 10) writer.uuid(m.topicId)
  writer.nullableString(m.name, flexible, version >= 10)
  if (flexible) writer.noTags()
}

export interface MetadataRequest {
  /** The topics to fetch metadata for. (versions 0+) */
  topics: MetadataRequestTopic[] | null
  /** If this is true, the broker may auto-create topics that we requested which do not already exist, if it is configured to do so. (versions 4+) */
  allowAutoTopicCreation: boolean
  /** Whether to include cluster authorized operations. (versions 8-10) */
  includeClusterAuthorizedOperations: boolean
  /** Whether to include topic authorized operations. (versions 8+) */
  includeTopicAuthorizedOperations: boolean
}

/** A MetadataRequest with the schema's defaults where `fields` says nothing. */
export function metadataRequest(fields: Partial<MetadataRequest> = {}): MetadataRequest {
  return { topics: [], allowAutoTopicCreation: true, includeClusterAuthorizedOperations: false, includeTopicAuthorizedOperations: false, ...fields }
}

function readMetadataRequest(reader: Reader, version: number): MetadataRequest {
  const flexible = version >= 9
  const m = metadataRequest()
  m.topics = reader.nullableArray(flexible, version >= 1, () => readMetadataRequestTopic(reader, version))
  if (version >= 4) m.allowAutoTopicCreation = reader.bool()
  if (version >= 8 && version <= 10) m.includeClusterAuthorizedOperations = reader.bool()
  if (version >= 8) m.includeTopicAuthorizedOperations = reader.bool()
  if (flexible) reader.skipTags()
  return m
}

function writeMetadataRequest(writer: Writer, version: number, m: MetadataRequest): void {
  const flexible = version >= 9
  writer.nullableArray(m.topics, flexible, version >= 1, (item) => writeMetadataRequestTopic(writer, version, item))
  if (version >= 4) writer.bool(m.allowAutoTopicCreation)
  if (version >= 8 && version <= 10) writer.bool(m.includeClusterAuthorizedOperations)
  if (version >= 8) writer.bool(m.includeTopicAuthorizedOperations)
  if (flexible) writer.noTags()
}

/** Reads and writes MetadataRequest, versions 0 to 13, flexible from 9. */
export const metadataRequestCodec: Codec<MetadataRequest> = {
  name: 'MetadataRequest',
  apiKey: 3,
  minVersion: 0,
  maxVersion: 13,
  maxStableVersion: 13,
  flexibleFrom: 9,
  read: readMetadataRequest,
  write: writeMetadataRequest,
}
