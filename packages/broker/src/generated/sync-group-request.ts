// Generated from SyncGroupRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface SyncGroupRequestAssignment {
  /** The ID of the member to assign. (versions 0+) */
  memberId: string
  /** The member assignment. (versions 0+) */
  assignment: Buffer
}

/** A SyncGroupRequestAssignment with the schema's defaults where `fields` says nothing. */
export function syncGroupRequestAssignment(fields: Partial<SyncGroupRequestAssignment> = {}): SyncGroupRequestAssignment {
  return { memberId: '', assignment: Buffer.alloc(0), ...fields }
}

function readSyncGroupRequestAssignment(reader: Reader, version: number): SyncGroupRequestAssignment {
  const flexible = version >= 4
  const m = syncGroupRequestAssignment()
  m.memberId = reader.string(flexible)
  m.assignment = reader.bytes(flexible)
  if (flexible) reader.skipTags()
  return m
}

function writeSyncGroupRequestAssignment(writer: Writer, version: number, m: SyncGroupRequestAssignment): void {
  const flexible = version >= 4
  writer.string(m.memberId, flexible)
  writer.bytes(m.assignment, flexible)
  if (flexible) writer.noTags()
}

export interface SyncGroupRequest {
  /** The unique group identifier. (versions 0+) */
  groupId: string
  /** The generation of the group. (versions 0+) */
  generationId: number
  /** The member ID assigned by the group. (versions 0+) */
  memberId: string
  /** The unique identifier of the consumer instance provided by end user. (versions 3+) */
  groupInstanceId: string | null
  /** The group protocol type. (versions 5+) */
  protocolType: string | null
  /** The group protocol name. (versions 5+) */
  protocolName: string | null
  /** Each assignment. (versions 0+) */
  assignments: SyncGroupRequestAssignment[]
}

/** A SyncGroupRequest with the schema's defaults where `fields` says nothing. */
export function syncGroupRequest(fields: Partial<SyncGroupRequest> = {}): SyncGroupRequest {
  return { groupId: '', generationId: 0, memberId: '', groupInstanceId: null, protocolType: null, protocolName: null, assignments: [], ...fields }
}

function readSyncGroupRequest(reader: Reader, version: number): SyncGroupRequest {
  const flexible = version >= 4
  const m = syncGroupRequest()
  m.groupId = reader.string(flexible)
  m.generationId = reader.int32()
  m.memberId = reader.string(flexible)
  if (version >= 3) m.groupInstanceId = reader.nullableString(flexible, true)
  if (version >= 5) m.protocolType = reader.nullableString(flexible, true)
  if (version >= 5) m.protocolName = reader.nullableString(flexible, true)
  m.assignments = reader.array(flexible, () => readSyncGroupRequestAssignment(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeSyncGroupRequest(writer: Writer, version: number, m: SyncGroupRequest): void {
  const flexible = version >= 4
  writer.string(m.groupId, flexible)
  writer.int32(m.generationId)
  writer.string(m.memberId, flexible)
  if (version >= 3) writer.nullableString(m.groupInstanceId, flexible, true)
  if (version >= 5) writer.nullableString(m.protocolType, flexible, true)
  if (version >= 5) writer.nullableString(m.protocolName, flexible, true)
  writer.array(m.assignments, flexible, (item) => writeSyncGroupRequestAssignment(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes SyncGroupRequest, versions 0 to 5, flexible from 4. */
export const syncGroupRequestCodec: Codec<SyncGroupRequest> = {
  name: 'SyncGroupRequest',
  apiKey: 14,
  minVersion: 0,
  maxVersion: 5,
  maxStableVersion: 5,
  flexibleFrom: 4,
  read: readSyncGroupRequest,
  write: writeSyncGroupRequest,
}
