// Generated from DescribeGroupsResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface DescribedGroupMember {
  /** The member id. (versions 0+) */
  memberId: string
  /** The unique identifier of the consumer instance provided by end user. (versions 4+) */
  groupInstanceId: string | null
  /** The client ID used in the member's latest join group request. (versions 0+) */
  clientId: string
  /** The client host. (versions 0+) */
  clientHost: string
  /** The metadata corresponding to the current group protocol in use. (versions 0+) */
  memberMetadata: Buffer
  /** The current assignment provided by the group leader. (versions 0+) */
  memberAssignment: Buffer
}

/** A DescribedGroupMember with the schema's defaults where `fields` says nothing. */
export function describedGroupMember(fields: Partial<DescribedGroupMember> = {}): DescribedGroupMember {
  return { memberId: '', groupInstanceId: null, clientId: '', clientHost: '', memberMetadata: Buffer.alloc(0), memberAssignment: Buffer.alloc(0), ...fields }
}

function readDescribedGroupMember(reader: Reader, version: number): DescribedGroupMember {
  const flexible = version >= 5
  const m = describedGroupMember()
  m.memberId = reader.string(flexible)
  if (version >= 4) m.groupInstanceId = reader.nullableString(flexible, true)
  m.clientId = reader.string(flexible)
  m.clientHost = reader.string(flexible)
  m.memberMetadata = reader.bytes(flexible)
  m.memberAssignment = reader.bytes(flexible)
  if (flexible) reader.skipTags()
  return m
}

function writeDescribedGroupMember(writer: Writer, version: number, m: DescribedGroupMember): void {
  const flexible = version >= 5
  writer.string(m.memberId, flexible)
  if (version >= 4) writer.nullableString(m.groupInstanceId, flexible, true)
  writer.string(m.clientId, flexible)
  writer.string(m.clientHost, flexible)
  writer.bytes(m.memberMetadata, flexible)
  writer.bytes(m.memberAssignment, flexible)
  if (flexible) writer.noTags()
}

export interface DescribedGroup {
  /** The describe error, or 0 if there was no error. (versions 0+) */
  errorCode: number
  /** The describe error message, or null if there was no error. (versions 6+) */
  errorMessage: string | null
  /** The group ID string. (versions 0+) */
  groupId: string
  /** The group state string, or the empty string. (versions 0+) */
  groupState: string
  /** The group protocol type, or the empty string. (versions 0+) */
  protocolType: string
  /** The group protocol data, or the empty string. (versions 0+) */
  protocolData: string
  /** The group members. (versions 0+) */
  members: DescribedGroupMember[]
  /** 32-bit bitfield to represent authorized operations for this group. (versions 3+) */
  authorizedOperations: number
}

/** A DescribedGroup with the schema's defaults where `fields` says nothing. */
export function describedGroup(fields: Partial<DescribedGroup> = {}): DescribedGroup {
  return { errorCode: 0, errorMessage: null, groupId: '', groupState: '', protocolType: '', protocolData: '', members: [], authorizedOperations: -2147483648, ...fields }
}

function readDescribedGroup(reader: Reader, version: number): DescribedGroup {
  const flexible = version >= 5
  const m = describedGroup()
  m.errorCode = reader.int16()
  if (version >= 6) m.errorMessage = reader.nullableString(flexible, true)
  m.groupId = reader.string(flexible)
  m.groupState = reader.string(flexible)
  m.protocolType = reader.string(flexible)
  m.protocolData = reader.string(flexible)
  m.members = reader.array(flexible, () => readDescribedGroupMember(reader, version))
  if (version >= 3) m.authorizedOperations = reader.int32()
  if (flexible) reader.skipTags()
  return m
}

function writeDescribedGroup(writer: Writer, version: number, m: DescribedGroup): void {
  const flexible = version >= 5
  writer.int16(m.errorCode)
  if (version >= 6) writer.nullableString(m.errorMessage, flexible, true)
  writer.string(m.groupId, flexible)
  writer.string(m.groupState, flexible)
  writer.string(m.protocolType, flexible)
  writer.string(m.protocolData, flexible)
  writer.array(m.members, flexible, (item) => writeDescribedGroupMember(writer, version, item))
  if (version >= 3) writer.int32(m.authorizedOperations)
  if (flexible) writer.noTags()
}

export interface DescribeGroupsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 1+) */
  throttleTimeMs: number
  /** Each described group. (versions 0+) */
  groups: DescribedGroup[]
}

/** A DescribeGroupsResponse with the schema's defaults where `fields` says nothing. */
export function describeGroupsResponse(fields: Partial<DescribeGroupsResponse> = {}): DescribeGroupsResponse {
  return { throttleTimeMs: 0, groups: [], ...fields }
}

function readDescribeGroupsResponse(reader: Reader, version: number): DescribeGroupsResponse {
  const flexible = version >= 5
  const m = describeGroupsResponse()
  if (version >= 1) m.throttleTimeMs = reader.int32()
  m.groups = reader.array(flexible, () => readDescribedGroup(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeDescribeGroupsResponse(writer: Writer, version: number, m: DescribeGroupsResponse): void {
  const flexible = version >= 5
  if (version >= 1) writer.int32(m.throttleTimeMs)
  writer.array(m.groups, flexible, (item) => writeDescribedGroup(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes DescribeGroupsResponse, versions 0 to 6, flexible from 5. */
export const describeGroupsResponseCodec: Codec<DescribeGroupsResponse> = {
  name: 'DescribeGroupsResponse',
  apiKey: 15,
  minVersion: 0,
  maxVersion: 6,
  maxStableVersion: 6,
  flexibleFrom: 5,
  read: readDescribeGroupsResponse,
  write: writeDescribeGroupsResponse,
}
