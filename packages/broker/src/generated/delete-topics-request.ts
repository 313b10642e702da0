// Generated from DeleteTopicsRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import { ZERO_UUID } from '../protocol/uuid.js'
import type { Writer } from '../protocol/writer.js'

export interface DeleteTopicState {
  /** The topic name. (versions 6+) */
  name: string | null
  /** The unique topic ID. (versions 6+) */
  topicId: string
}

/** A DeleteTopicState with the schema's defaults where `fields` says nothing. */
export function deleteTopicState(fields: Partial<DeleteTopicState> = {}): DeleteTopicState {
  return { name: null, topicId: ZERO_UUID, ...fields }
}

function readDeleteTopicState(reader: Reader, version: number): DeleteTopicState {
  const flexible = version >= 4
  const m = deleteTopicState()
  if (version >= 6) m.name = reader.nullableString(flexible, true)
  if (version >= 6) m.topicId = reader.uuid()
  if (flexible) reader.skipTags()
  return m
}

function writeDeleteTopicState(writer: Writer, version: number, m: DeleteTopicState): void {
  const flexible = version >= 4
  if (version >= 6) writer.nullableString(m.name, flexible, true)
  if (version >= 6) writer.uuid(m.topicId)
  if (flexible) writer.noTags()
}

export interface DeleteTopicsRequest {
  /** The name or topic ID of the topic. (versions 6+) */
  topics: DeleteTopicState[]
  /** The names of the topics to delete. (versions 0-5) */
  topicNames: string[]
  /** The length of time in milliseconds to wait for the deletions to complete. (versions 0+) */
  timeoutMs: number
}

/** A DeleteTopicsRequest with the schema's defaults where `fields` says nothing. */
export function deleteTopicsRequest(fields: Partial<DeleteTopicsRequest> = {}): DeleteTopicsRequest {
  return { topics: [], topicNames: [], timeoutMs: 0, ...fields }
}

function readDeleteTopicsRequest(reader: Reader, version: number): DeleteTopicsRequest {
  const flexible = version >= 4
  const m = deleteTopicsRequest()
  if (version >= 6) m.topics = reader.array(flexible, () => readDeleteTopicState(reader, version))
  if (version <= 5) m.topicNames = reader.array(flexible, () => reader.string(flexible))
  m.timeoutMs = reader.int32()
  if (flexible) reader.skipTags()
  return m
}

function writeDeleteTopicsRequest(writer: Writer, version: number, m: DeleteTopicsRequest): void {
  const flexible = version >= 4
  if (version >= 6) writer.array(m.topics, flexible, (item) => writeDeleteTopicState(writer, version, item))
  if (version <= 5) writer.array(m.topicNames, flexible, (item) => writer.string(item, flexible))
  writer.int32(m.timeoutMs)
  if (flexible) writer.noTags()
}

/** Reads and writes DeleteTopicsRequest, versions 1 to 6, flexible from 4. */
export const deleteTopicsRequestCodec: Codec<DeleteTopicsRequest> = {
  name: 'DeleteTopicsRequest',
  apiKey: 20,
  minVersion: 1,
  maxVersion: 6,
  maxStableVersion: 6,
  flexibleFrom: 4,
  read: readDeleteTopicsRequest,
  write: writeDeleteTopicsRequest,
}
