// Generated from RequestHeader.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface RequestHeader {
  /** The API key of this request. (versions 0+) */
  requestApiKey: number
  /** The API version of this request. (versions 0+) */
  requestApiVersion: number
  /** The correlation ID of this request. (versions 0+) */
  correlationId: number
  /** The client ID string. (versions 1+) */
  clientId: string | null
}

/** A RequestHeader with the schema's defaults where `fields` says nothing. */
export function requestHeader(fields: Partial<RequestHeader> = {}): RequestHeader {
  return { requestApiKey: 0, requestApiVersion: 0, correlationId: 0, clientId: '', ...fields }
}

function readRequestHeader(reader: Reader, version: number): RequestHeader {
  const flexible = version >= 2
  const m = requestHeader()
  m.requestApiKey = reader.int16()
  m.requestApiVersion = reader.int16()
  m.correlationId = reader.int32()
  m.clientId = reader.nullableString(false, true)
  if (flexible) reader.skipTags()
  return m
}

function writeRequestHeader(writer: Writer, version: number, m: RequestHeader): void {
  const flexible = version >= 2
  writer.int16(m.requestApiKey)
  writer.int16(m.requestApiVersion)
  writer.int32(m.correlationId)
  writer.nullableString(m.clientId, false, true)
  if (flexible) writer.noTags()
}

/** Reads and writes RequestHeader, versions 1 to 2, flexible from 2. */
export const requestHeaderCodec: Codec<RequestHeader> = {
  name: 'RequestHeader',
  apiKey: -1,
  minVersion: 1,
  maxVersion: 2,
  maxStableVersion: 2,
  flexibleFrom: 2,
  read: readRequestHeader,
  write: writeRequestHeader,
}
