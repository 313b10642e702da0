// Generated from DeleteGroupsResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface DeletableGroupResult {
  /** The group id. (versions 0+) */
  groupId: string
  /** The deletion error, or 0 if the deletion succeeded. (versions 0+) */
  errorCode: number
}

/** A DeletableGroupResult with the schema's defaults where `fields` says nothing. */
export function deletableGroupResult(fields: Partial<DeletableGroupResult> = {}): DeletableGroupResult {
  return { groupId: '', errorCode: 0, ...fields }
}

function readDeletableGroupResult(reader: Reader, version: number): DeletableGroupResult {
  const flexible = version >= 2
  const m = deletableGroupResult()
  m.groupId = reader.string(flexible)
  m.errorCode = reader.int16()
  if (flexible) reader.skipTags()
  return m
}

function writeDeletableGroupResult(writer: Writer, version: number, m: DeletableGroupResult): void {
  const flexible = version >= 2
  writer.string(m.groupId, flexible)
  writer.int16(m.errorCode)
  if (flexible) writer.noTags()
}

export interface DeleteGroupsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number
  /** The deletion results. (versions 0+) */
  results: DeletableGroupResult[]
}

/** A DeleteGroupsResponse with the schema's defaults where `fields` says nothing. */
export function deleteGroupsResponse(fields: Partial<DeleteGroupsResponse> = {}): DeleteGroupsResponse {
  return { throttleTimeMs: 0, results: [], ...fields }
}

function readDeleteGroupsResponse(reader: Reader, version: number): DeleteGroupsResponse {
  const flexible = version >= 2
  const m = deleteGroupsResponse()
  m.throttleTimeMs = reader.int32()
  m.results = reader.array(flexible, () => readDeletableGroupResult(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeDeleteGroupsResponse(writer: Writer, version: number, m: DeleteGroupsResponse): void {
  const flexible = version >= 2
  writer.int32(m.throttleTimeMs)
  writer.array(m.results, flexible, (item) => writeDeletableGroupResult(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes DeleteGroupsResponse, versions 0 to 2, flexible from 2. */
export const deleteGroupsResponseCodec: Codec<DeleteGroupsResponse> = {
  name: 'DeleteGroupsResponse',
  apiKey: 42,
  minVersion: 0,
  maxVersion: 2,
  maxStableVersion: 2,
  flexibleFrom: 2,
  read: readDeleteGroupsResponse,
  write: writeDeleteGroupsResponse,
}
