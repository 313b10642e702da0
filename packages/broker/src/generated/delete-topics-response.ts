// Generated from DeleteTopicsResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import { ZERO_UUID } from '../protocol/uuid.js'
import type { Writer } from '../protocol/writer.js'

export interface DeletableTopicResult {
  /** The topic name. (versions 0+) */
  name: string | null
  /** The unique topic ID. (versions 6+) */
  topicId: string
  /** The deletion error, or 0 if the deletion succeeded. (versions 0+) */
  errorCode: number
  /** The error message, or null if there was no error. (versions 5+) */
  errorMessage: string | null
}

/** A DeletableTopicResult with the schema's defaults where `fields` says nothing. */
export function deletableTopicResult(fields: Partial<DeletableTopicResult> = {}): DeletableTopicResult {
  return { name: '', topicId: ZERO_UUID, errorCode: 0, errorMessage: null, ...fields }
}

function readDeletableTopicResult(reader: Reader, version: number): DeletableTopicResult {
  const flexible = version >= 4
  const m = deletableTopicResult()
  m.name = reader.nullableString(flexible, version >= 6)
  if (version >= 6) m.topicId = reader.uuid()
  m.errorCode = reader.int16()
  if (version >= 5) m.errorMessage = reader.nullableString(flexible, true)
  if (flexible) reader.skipTags()
  return m
}

function writeDeletableTopicResult(writer: Writer, version: number, m: DeletableTopicResult): void {
  const flexible = version >= 4
  writer.nullableString(m.name, flexible, version >= 6)
  if (version >= 6) writer.uuid(m.topicId)
  writer.int16(m.errorCode)
  if (version >= 5) writer.nullableString(m.errorMessage, flexible, true)
  if (flexible) writer.noTags()
}

export interface DeleteTopicsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 1+) */
  throttleTimeMs: number
  /** The results for each topic we tried to delete. (versions 0+) */
  responses: DeletableTopicResult[]
}

/** A DeleteTopicsResponse with the schema's defaults where `fields` says nothing. */
export function deleteTopicsResponse(fields: Partial<DeleteTopicsResponse> = {}): DeleteTopicsResponse {
  return { throttleTimeMs: 0, responses: [], ...fields }
}

function readDeleteTopicsResponse(reader: Reader, version: number): DeleteTopicsResponse {
  const flexible = version >= 4
  const m = deleteTopicsResponse()
  m.throttleTimeMs = reader.int32()
  m.responses = reader.array(flexible, () => readDeletableTopicResult(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeDeleteTopicsResponse(writer: Writer, version: number, m: DeleteTopicsResponse): void {
  const flexible = version >= 4
  writer.int32(m.throttleTimeMs)
  writer.array(m.responses, flexible, (item) => writeDeletableTopicResult(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes DeleteTopicsResponse, versions 1 to 6, flexible from 4. */
export const deleteTopicsResponseCodec: Codec<DeleteTopicsResponse> = {
  name: 'DeleteTopicsResponse',
  apiKey: 20,
  minVersion: 1,
  maxVersion: 6,
  maxStableVersion: 6,
  flexibleFrom: 4,
  read: readDeleteTopicsResponse,
  write: writeDeleteTopicsResponse,
}
