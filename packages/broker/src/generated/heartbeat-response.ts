// Generated from HeartbeatResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface HeartbeatResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 1+) */
  throttleTimeMs: number
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number
}

/** A HeartbeatResponse with the schema's defaults where `fields` says nothing. */
export function heartbeatResponse(fields: Partial<HeartbeatResponse> = {}): HeartbeatResponse {
  return { throttleTimeMs: 0, errorCode: 0, ...fields }
}

function readHeartbeatResponse(reader: Reader, version: number): HeartbeatResponse {
  const flexible = version >= 4
  const m = heartbeatResponse()
  if (version >= 1) m.throttleTimeMs = reader.int32()
  m.errorCode = reader.int16()
  if (flexible) reader.skipTags()
  return m
}

function writeHeartbeatResponse(writer: Writer, version: number, m: HeartbeatResponse): void {
  const flexible = version >= 4
  if (version >= 1) writer.int32(m.throttleTimeMs)
  writer.int16(m.errorCode)
  if (flexible) writer.noTags()
}

/** Reads and writes HeartbeatResponse, versions 0 to 4, flexible from 4. */
export const heartbeatResponseCodec: Codec<HeartbeatResponse> = {
  name: 'HeartbeatResponse',
  apiKey: 12,
  minVersion: 0,
  maxVersion: 4,
  maxStableVersion: 4,
  flexibleFrom: 4,
  read: readHeartbeatResponse,
  write: writeHeartbeatResponse,
}
