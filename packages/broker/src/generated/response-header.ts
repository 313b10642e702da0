// Generated from ResponseHeader.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface ResponseHeader {
  /** The correlation ID of this response. (versions 0+) */
  correlationId: number
}

/** A ResponseHeader with the schema's defaults where `fields` says nothing. */
export function responseHeader(fields: Partial<ResponseHeader> = {}): ResponseHeader {
  return { correlationId: 0, ...fields }
}

function readResponseHeader(reader: Reader, version: number): ResponseHeader {
  const flexible = version >= 1
  const m = responseHeader()
  m.correlationId = reader.int32()
  if (flexible) reader.skipTags()
  return m
}

function writeResponseHeader(writer: Writer, version: number, m: ResponseHeader): void {
  const flexible = version >= 1
  writer.int32(m.correlationId)
  if (flexible) writer.noTags()
}

/** Reads and writes ResponseHeader, versions 0 to 1, flexible from 1. */
export const responseHeaderCodec: Codec<ResponseHeader> = {
  name: 'ResponseHeader',
  apiKey: -1,
  minVersion: 0,
  maxVersion: 1,
  maxStableVersion: 1,
  flexibleFrom: 1,
  read: readResponseHeader,
  write: writeResponseHeader,
}
