// Generated from LeaveGroupRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface MemberIdentity {
  /** The member ID to remove from the group. (versions 3+) */
  memberId: string
  /** The group instance ID to remove from the group. (versions 3+) */
  groupInstanceId: string | null
  /** The reason why the member left the group. (versions 5+) */
  reason: string | null
}

/** A MemberIdentity with the schema's defaults where `fields` says nothing. */
export function memberIdentity(fields: Partial<MemberIdentity> = {}): MemberIdentity {
  return { memberId: '', groupInstanceId: null, reason: null, ...fields }
}

function readMemberIdentity(reader: Reader, version: number): MemberIdentity {
  const flexible = version >= 4
  const m = memberIdentity()
  if (version >= 3) m.memberId = reader.string(flexible)
  if (version >= 3) m.groupInstanceId = reader.nullableString(flexible, true)
  if (version >= 5) m.reason = reader.nullableString(flexible, true)
  if (flexible) reader.skipTags()
  return m
}

function writeMemberIdentity(writer: Writer, version: number, m: MemberIdentity): void {
  const flexible = version >= 4
  if (version >= 3) writer.string(m.memberId, flexible)
  if (version >= 3) writer.nullableString(m.groupInstanceId, flexible, true)
  if (version >= 5) writer.nullableString(m.reason, flexible, true)
  if (flexible) writer.noTags()
}

export interface LeaveGroupRequest {
  /** The ID of the group to leave. (versions 0+) */
  groupId: string
  /** The member ID to remove from the group. (versions 0-2) */
  memberId: string
  /** List of leaving member identities. (versions 3+) */
  members: MemberIdentity[]
}

/** A LeaveGroupRequest with the schema's defaults where `fields` says nothing. */
export function leaveGroupRequest(fields: Partial<LeaveGroupRequest> = {}): LeaveGroupRequest {
  return { groupId: '', memberId: '', members: [], ...fields }
}

function readLeaveGroupRequest(reader: Reader, version: number): LeaveGroupRequest {
  const flexible = version >= 4
  const m = leaveGroupRequest()
  m.groupId = reader.string(flexible)
  if (version <= 2) m.memberId = reader.string(flexible)
  if (version >= 3) m.members = reader.array(flexible, () => readMemberIdentity(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeLeaveGroupRequest(writer: Writer, version: number, m: LeaveGroupRequest): void {
  const flexible = version >= 4
  writer.string(m.groupId, flexible)
  if (version <= 2) writer.string(m.memberId, flexible)
  if (version >= 3) writer.array(m.members, flexible, (item) => writeMemberIdentity(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes LeaveGroupRequest, versions 0 to 5, flexible from 4. */
export const leaveGroupRequestCodec: Codec<LeaveGroupRequest> = {
  name: 'LeaveGroupRequest',
  apiKey: 13,
  minVersion: 0,
  maxVersion: 5,
  maxStableVersion: 5,
  flexibleFrom: 4,
  read: readLeaveGroupRequest,
  write: writeLeaveGroupRequest,
}
