// Generated from ApiVersionsRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface ApiVersionsRequest {
  /** The name of the client. (versions 3+) */
  clientSoftwareName: string
  /** The version of the client. (versions 3+) */
  clientSoftwareVersion: string
}

/** A ApiVersionsRequest with the schema's defaults where `fields` says nothing. */
export function apiVersionsRequest(fields: Partial<ApiVersionsRequest> = {}): ApiVersionsRequest {
  return { clientSoftwareName: '', clientSoftwareVersion: '', ...fields }
}

function readApiVersionsRequest(reader: Reader, version: number): ApiVersionsRequest {
  const flexible = version >= 3
  const m = apiVersionsRequest()
  if (version >= 3) m.clientSoftwareName = reader.string(flexible)
  if (version >= 3) m.clientSoftwareVersion = reader.string(flexible)
  if (flexible) reader.skipTags()
  return m
}

function writeApiVersionsRequest(writer: Writer, version: number, m: ApiVersionsRequest): void {
  const flexible = version >= 3
  if (version >= 3) writer.string(m.clientSoftwareName, flexible)
  if (version >= 3) writer.string(m.clientSoftwareVersion, flexible)
  if (flexible) writer.noTags()
}

/** Reads and writes ApiVersionsRequest, versions 0 to 4, flexible from 3. */
export const apiVersionsRequestCodec: Codec<ApiVersionsRequest> = {
  name: 'ApiVersionsRequest',
  apiKey: 18,
  minVersion: 0,
  maxVersion: 4,
  maxStableVersion: 4,
  flexibleFrom: 3,
  read: readApiVersionsRequest,
  write: writeApiVersionsRequest,
}
