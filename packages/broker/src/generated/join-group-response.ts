// Generated from JoinGroupResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface JoinGroupResponseMember {
  /** The group member ID. (versions 0+) */
  memberId: string
  /** The unique identifier of the consumer instance provided by end user. (versions 5+) */
  groupInstanceId: string | null
  /** The group member metadata. (versions 0+) */
  metadata: Buffer
}

/** A JoinGroupResponseMember with the schema's defaults where `fields` says nothing. */
export function joinGroupResponseMember(fields: Partial<JoinGroupResponseMember> = {}): JoinGroupResponseMember {
  return { memberId: '', groupInstanceId: null, metadata: Buffer.alloc(0), ...fields }
}

function readJoinGroupResponseMember(reader: Reader, version: number): JoinGroupResponseMember {
  const flexible = version >= 6
  const m = joinGroupResponseMember()
  m.memberId = reader.string(flexible)
  if (version >= 5) m.groupInstanceId = reader.nullableString(flexible, true)
  m.metadata = reader.bytes(flexible)
  if (flexible) reader.skipTags()
  return m
}

function writeJoinGroupResponseMember(writer: Writer, version: number, m: JoinGroupResponseMember): void {
  const flexible = version >= 6
  writer.string(m.memberId, flexible)
  if (version >= 5) writer.nullableString(m.groupInstanceId, flexible, true)
  writer.bytes(m.metadata, flexible)
  if (flexible) writer.noTags()
}

export interface JoinGroupResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 2+) */
  throttleTimeMs: number
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number
  /** The generation ID of the group. (versions 0+) */
  generationId: number
  /** The group protocol name. (versions 7+) */
  protocolType: string | null
  /** The group protocol selected by the coordinator. (versions 0+) */
  protocolName: string | null
  /** The leader of the group. (versions 0+) */
  leader: string
  /** True if the leader must skip running the assignment. (versions 9+) */
  skipAssignment: boolean
  /** The member ID assigned by the group coordinator. (versions 0+) */
  memberId: string
  /** The group members. (versions 0+) */
  members: JoinGroupResponseMember[]
}

/** A JoinGroupResponse with the schema's defaults where `fields` says nothing. */
export function joinGroupResponse(fields: Partial<JoinGroupResponse> = {}): JoinGroupResponse {
  return { throttleTimeMs: 0, errorCode: 0, generationId: -1, protocolType: null, protocolName: '', leader: '', skipAssignment: false, memberId: '', members: [], ...fields }
}

function readJoinGroupResponse(reader: Reader, version: number): JoinGroupResponse {
  const flexible = version >= 6
  const m = joinGroupResponse()
  if (version >= 2) m.throttleTimeMs = reader.int32()
  m.errorCode = reader.int16()
  m.generationId = reader.int32()
  if (version >= 7) m.protocolType = reader.nullableString(flexible, true)
  m.protocolName = reader.nullableString(flexible, version >= 7)
  m.leader = reader.string(flexible)
  if (version >= 9) m.skipAssignment = reader.bool()
  m.memberId = reader.string(flexible)
  m.members = reader.array(flexible, () => readJoinGroupResponseMember(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeJoinGroupResponse(writer: Writer, version: number, m: JoinGroupResponse): void {
  const flexible = version >= 6
  if (version >= 2) writer.int32(m.throttleTimeMs)
  writer.int16(m.errorCode)
  writer.int32(m.generationId)
  if (version >= 7) writer.nullableString(m.protocolType, flexible, true)
  writer.nullableString(m.protocolName, flexible, version >= 7)
  writer.string(m.leader, flexible)
  if (version >= 9) writer.bool(m.skipAssignment)
  writer.string(m.memberId, flexible)
  writer.array(m.members, flexible, (item) => writeJoinGroupResponseMember(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes JoinGroupResponse, versions 0 to 9, flexible from 6. */
export const joinGroupResponseCodec: Codec<JoinGroupResponse> = {
  name: 'JoinGroupResponse',
  apiKey: 11,
  minVersion: 0,
  maxVersion: 9,
  maxStableVersion: 9,
  flexibleFrom: 6,
  read: readJoinGroupResponse,
  write: writeJoinGroupResponse,
}
