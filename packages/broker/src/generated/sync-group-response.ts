// Generated from SyncGroupResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface SyncGroupResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 1+) */
  throttleTimeMs: number
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number
  /** The group protocol type. (versions 5+) */
  protocolType: string | null
  /** The group protocol name. (versions 5+) */
  protocolName: string | null
  /** The member assignment. (versions 0+) */
  assignment: Buffer
}

/** A SyncGroupResponse with the schema's defaults where `fields` says nothing. */
export function syncGroupResponse(fields: Partial<SyncGroupResponse> = {}): SyncGroupResponse {
  return { throttleTimeMs: 0, errorCode: 0, protocolType: null, protocolName: null, assignment: Buffer.alloc(0), ...fields }
}

function readSyncGroupResponse(reader: Reader, version: number): SyncGroupResponse {
  const flexible = version >= 4
  const m = syncGroupResponse()
  if (version >= 1) m.throttleTimeMs = reader.int32()
  m.errorCode = reader.int16()
  if (version >= 5) m.protocolType = reader.nullableString(flexible, true)
  if (version >= 5) m.protocolName = reader.nullableString(flexible, true)
  m.assignment = reader.bytes(flexible)
  if (flexible) reader.skipTags()
  return m
}

function writeSyncGroupResponse(writer: Writer, version: number, m: SyncGroupResponse): void {
  const flexible = version >= 4
  if (version >= 1) writer.int32(m.throttleTimeMs)
  writer.int16(m.errorCode)
  if (version >= 5) writer.nullableString(m.protocolType, flexible, true)
  if (version >= 5) writer.nullableString(m.protocolName, flexible, true)
  writer.bytes(m.assignment, flexible)
  if (flexible) writer.noTags()
}

/** Reads and writes SyncGroupResponse, versions 0 to 5, flexible from 4. */
export const syncGroupResponseCodec: Codec<SyncGroupResponse> = {
  name: 'SyncGroupResponse',
  apiKey: 14,
  minVersion: 0,
  maxVersion: 5,
  maxStableVersion: 5,
  flexibleFrom: 4,
  read: readSyncGroupResponse,
  write: writeSyncGroupResponse,
}
