// Generated from HeartbeatRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface HeartbeatRequest {
  /** The group id. (versions 0+) */
  groupId: string
  /** The generation of the group. (versions 0+) */
  generationId: number
  /** The member ID. (versions 0+) */
  memberId: string
  /** The unique identifier of the consumer instance provided by end user. (versions 3+) */
  groupInstanceId: string | null
}

/** A HeartbeatRequest with the schema's defaults where `fields` says nothing. */
export function heartbeatRequest(fields: Partial<HeartbeatRequest> = {}): HeartbeatRequest {
  return { groupId: '', generationId: 0, memberId: '', groupInstanceId: null, ...fields }
}

function readHeartbeatRequest(reader: Reader, version: number): HeartbeatRequest {
  const flexible = version >= 4
  const m = heartbeatRequest()
  m.groupId = reader.string(flexible)
  m.generationId = reader.int32()
  m.memberId = reader.string(flexible)
  if (version >= 3) m.groupInstanceId = reader.nullableString(flexible, true)
  if (flexible) reader.skipTags()
  return m
}

function writeHeartbeatRequest(writer: Writer, version: number, m: HeartbeatRequest): void {
  const flexible = version >= 4
  writer.string(m.groupId, flexible)
  writer.int32(m.generationId)
  writer.string(m.memberId, flexible)
  if (version >= 3) writer.nullableString(m.groupInstanceId, flexible, true)
  if (flexible) writer.noTags()
}

/** Reads and writes HeartbeatRequest, versions 0 to 4, flexible from 4. */
export const heartbeatRequestCodec: Codec<HeartbeatRequest> = {
  name: 'HeartbeatRequest',
  apiKey: 12,
  minVersion: 0,
  maxVersion: 4,
  maxStableVersion: 4,
  flexibleFrom: 4,
  read: readHeartbeatRequest,
  write: writeHeartbeatRequest,
}
