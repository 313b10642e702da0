// Generated from LeaveGroupResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface MemberResponse {
  /** The member ID to remove from the group. (versions 3+) */
  memberId: string
  /** The group instance ID to remove from the group. (versions 3+) */
  groupInstanceId: string | null
  /** The error code, or 0 if there was no error. (versions 3+) */
  errorCode: number
}

/** A MemberResponse with the schema's defaults where `fields` says nothing. */
export function memberResponse(fields: Partial<MemberResponse> = {}): MemberResponse {
  return { memberId: '', groupInstanceId: '', errorCode: 0, ...fields }
}

function readMemberResponse(reader: Reader, version: number): MemberResponse {
  const flexible = version >= 4
  const m = memberResponse()
  if (version >= 3) m.memberId = reader.string(flexible)
  if (version >= 3) m.groupInstanceId = reader.nullableString(flexible, true)
  if (version >= 3) m.errorCode = reader.int16()
  if (flexible) reader.skipTags()
  return m
}

function writeMemberResponse(writer: Writer, version: number, m: MemberResponse): void {
  const flexible = version >= 4
  if (version >= 3) writer.string(m.memberId, flexible)
  if (version >= 3) writer.nullableString(m.groupInstanceId, flexible, true)
  if (version >= 3) writer.int16(m.errorCode)
  if (flexible) writer.noTags()
}

export interface LeaveGroupResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 1+) */
  throttleTimeMs: number
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number
  /** List of leaving member responses. (versions 3+) */
  members: MemberResponse[]
}

/** A LeaveGroupResponse with the schema's defaults where `fields` says nothing. */
export function leaveGroupResponse(fields: Partial<LeaveGroupResponse> = {}): LeaveGroupResponse {
  return { throttleTimeMs: 0, errorCode: 0, members: [], ...fields }
}

function readLeaveGroupResponse(reader: Reader, version: number): LeaveGroupResponse {
  const flexible = version >= 4
  const m = leaveGroupResponse()
  if (version >= 1) m.throttleTimeMs = reader.int32()
  m.errorCode = reader.int16()
  if (version >= 3) m.members = reader.array(flexible, () => readMemberResponse(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeLeaveGroupResponse(writer: Writer, version: number, m: LeaveGroupResponse): void {
  const flexible = version >= 4
  if (version >= 1) writer.int32(m.throttleTimeMs)
  writer.int16(m.errorCode)
  if (version >= 3) writer.array(m.members, flexible, (item) => writeMemberResponse(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes LeaveGroupResponse, versions 0 to 5, flexible from 4. */
export const leaveGroupResponseCodec: Codec<LeaveGroupResponse> = {
  name: 'LeaveGroupResponse',
  apiKey: 13,
  minVersion: 0,
  maxVersion: 5,
  maxStableVersion: 5,
  flexibleFrom: 4,
  read: readLeaveGroupResponse,
  write: writeLeaveGroupResponse,
}
