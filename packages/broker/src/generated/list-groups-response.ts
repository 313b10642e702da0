// Generated from ListGroupsResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface ListedGroup {
  /** The group ID. (versions 0+) */
  groupId: string
  /** The group protocol type. (versions 0+) */
  protocolType: string
  /** The group state name. (versions 4+) */
  groupState: string
  /** The group type name. (versions 5+) */
  groupType: string
}

/** A ListedGroup with the schema's defaults where `fields` says nothing. */
export function listedGroup(fields: Partial<ListedGroup> = {}): ListedGroup {
  return { groupId: '', protocolType: '', groupState: '', groupType: '', ...fields }
}

function readListedGroup(reader: Reader, version: number): ListedGroup {
  const flexible = version >= 3
  const m = listedGroup()
  m.groupId = reader.string(flexible)
  m.protocolType = reader.string(flexible)
  if (version >= 4) m.groupState = reader.string(flexible)
  if (version >= 5) m.groupType = reader.string(flexible)
  if (flexible) reader.skipTags()
  return m
}

function writeListedGroup(writer: Writer, version: number, m: ListedGroup): void {
  const flexible = version >= 3
  writer.string(m.groupId, flexible)
  writer.string(m.protocolType, flexible)
  if (version >= 4) writer.string(m.groupState, flexible)
  if (version >= 5) writer.string(m.groupType, flexible)
  if (flexible) writer.noTags()
}

export interface ListGroupsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 1+) */
  throttleTimeMs: number
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number
  /** Each group in the response. (versions 0+) */
  groups: ListedGroup[]
}

/** A ListGroupsResponse with the schema's defaults where `fields` says nothing. */
export function listGroupsResponse(fields: Partial<ListGroupsResponse> = {}): ListGroupsResponse {
  return { throttleTimeMs: 0, errorCode: 0, groups: [], ...fields }
}

function readListGroupsResponse(reader: Reader, version: number): ListGroupsResponse {
  const flexible = version >= 3
  const m = listGroupsResponse()
  if (version >= 1) m.throttleTimeMs = reader.int32()
  m.errorCode = reader.int16()
  m.groups = reader.array(flexible, () => readListedGroup(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeListGroupsResponse(writer: Writer, version: number, m: ListGroupsResponse): void {
  const flexible = version >= 3
  if (version >= 1) writer.int32(m.throttleTimeMs)
  writer.int16(m.errorCode)
  writer.array(m.groups, flexible, (item) => writeListedGroup(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes ListGroupsResponse, versions 0 to 5, flexible from 3. */
export const listGroupsResponseCodec: Codec<ListGroupsResponse> = {
  name: 'ListGroupsResponse',
  apiKey: 16,
  minVersion: 0,
  maxVersion: 5,
  maxStableVersion: 5,
  flexibleFrom: 3,
  read: readListGroupsResponse,
  write: writeListGroupsResponse,
}
