// Generated from IncrementalAlterConfigsResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface AlterConfigsResourceResponse {
  /** The resource error code. (versions 0+) */
  errorCode: number
  /** The resource error message, or null if there was no error. (versions 0+) */
  errorMessage: string | null
  /** The resource type. (versions 0+) */
  resourceType: number
  /** The resource name. (versions 0+) */
  resourceName: string
}

/** A AlterConfigsResourceResponse with the schema's defaults where `fields` says nothing. */
export function alterConfigsResourceResponse(fields: Partial<AlterConfigsResourceResponse> = {}): AlterConfigsResourceResponse {
  return { errorCode: 0, errorMessage: '', resourceType: 0, resourceName: '', ...fields }
}

function readAlterConfigsResourceResponse(reader: Reader, version: number): AlterConfigsResourceResponse {
  const flexible = version >= 1
  const m = alterConfigsResourceResponse()
  m.errorCode = reader.int16()
  m.errorMessage = reader.nullableString(flexible, true)
  m.resourceType = reader.int8()
  m.resourceName = reader.string(flexible)
  if (flexible) reader.skipTags()
  return m
}

function writeAlterConfigsResourceResponse(writer: Writer, version: number, m: AlterConfigsResourceResponse): void {
  const flexible = version >= 1
  writer.int16(m.errorCode)
  writer.nullableString(m.errorMessage, flexible, true)
  writer.int8(m.resourceType)
  writer.string(m.resourceName, flexible)
  if (flexible) writer.noTags()
}

export interface IncrementalAlterConfigsResponse {
  /** Duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number
  /** The responses for each resource. (versions 0+) */
  responses: AlterConfigsResourceResponse[]
}

/** A IncrementalAlterConfigsResponse with the schema's defaults where `fields` says nothing. */
export function incrementalAlterConfigsResponse(fields: Partial<IncrementalAlterConfigsResponse> = {}): IncrementalAlterConfigsResponse {
  return { throttleTimeMs: 0, responses: [], ...fields }
}

function readIncrementalAlterConfigsResponse(reader: Reader, version: number): IncrementalAlterConfigsResponse {
  const flexible = version >= 1
  const m = incrementalAlterConfigsResponse()
  m.throttleTimeMs = reader.int32()
  m.responses = reader.array(flexible, () => readAlterConfigsResourceResponse(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeIncrementalAlterConfigsResponse(writer: Writer, version: number, m: IncrementalAlterConfigsResponse): void {
  const flexible = version >= 1
  writer.int32(m.throttleTimeMs)
  writer.array(m.responses, flexible, (item) => writeAlterConfigsResourceResponse(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes IncrementalAlterConfigsResponse, versions 0 to 1, flexible from 1. */
export const incrementalAlterConfigsResponseCodec: Codec<IncrementalAlterConfigsResponse> = {
  name: 'IncrementalAlterConfigsResponse',
  apiKey: 44,
  minVersion: 0,
  maxVersion: 1,
  maxStableVersion: 1,
  flexibleFrom: 1,
  read: readIncrementalAlterConfigsResponse,
  write: writeIncrementalAlterConfigsResponse,
}
