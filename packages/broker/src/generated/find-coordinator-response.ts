// Generated from FindCoordinatorResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface Coordinator {
  /** The coordinator key. (versions 4+) */
  key: string
  /** The node id. (versions 4+) */
  nodeId: number
  /** The host name. (versions 4+) */
  host: string
  /** The port. (versions 4+) */
  port: number
  /** The error code, or 0 if there was no error. (versions 4+) */
  errorCode: number
  /** The error message, or null if there was no error. (versions 4+) */
  errorMessage: string | null
}

/** A Coordinator with the schema's defaults where `fields` says nothing. */
export function coordinator(fields: Partial<Coordinator> = {}): Coordinator {
  return { key: '', nodeId: 0, host: '', port: 0, errorCode: 0, errorMessage: '', ...fields }
}

function readCoordinator(reader: Reader, version: number): Coordinator {
  const flexible = version >= 3
  const m = coordinator()
  if (version >= 4) m.key = reader.string(flexible)
  if (version >= 4) m.nodeId = reader.int32()
  if (version >= 4) m.host = reader.string(flexible)
  if (version >= 4) m.port = reader.int32()
  if (version >= 4) m.errorCode = reader.int16()
  if (version >= 4) m.errorMessage = reader.nullableString(flexible, true)
  if (flexible) reader.skipTags()
  return m
}

function writeCoordinator(writer: Writer, version: number, m: Coordinator): void {
  const flexible = version >= 3
  if (version >= 4) writer.string(m.key, flexible)
  if (version >= 4) writer.int32(m.nodeId)
  if (version >= 4) writer.string(m.host, flexible)
  if (version >= 4) writer.int32(m.port)
  if (version >= 4) writer.int16(m.errorCode)
  if (version >= 4) writer.nullableString(m.errorMessage, flexible, true)
  if (flexible) writer.noTags()
}

export interface FindCoordinatorResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 1+) */
  throttleTimeMs: number
  /** The error code, or 0 if there was no error. (versions 0-3) */
  errorCode: number
  /** The error message, or null if there was no error. (versions 1-3) */
  errorMessage: string | null
  /** The node id. (versions 0-3) */
  nodeId: number
  /** The host name. (versions 0-3) */
  host: string
  /** The port. (versions 0-3) */
  port: number
  /** Each coordinator result in the response. (versions 4+) */
  coordinators: Coordinator[]
}

/** A FindCoordinatorResponse with the schema's defaults where `fields` says nothing. */
export function findCoordinatorResponse(fields: Partial<FindCoordinatorResponse> = {}): FindCoordinatorResponse {
  return { throttleTimeMs: 0, errorCode: 0, errorMessage: '', nodeId: 0, host: '', port: 0, coordinators: [], ...fields }
}

function readFindCoordinatorResponse(reader: Reader, version: number): FindCoordinatorResponse {
  const flexible = version >= 3
  const m = findCoordinatorResponse()
  if (version >= 1) m.throttleTimeMs = reader.int32()
  if (version <= 3) m.errorCode = reader.int16()
  if (version >= 1 && version <= 3) m.errorMessage = reader.nullableString(flexible, true)
  if (version <= 3) m.nodeId = reader.int32()
  if (version <= 3) m.host = reader.string(flexible)
  if (version <= 3) m.port = reader.int32()
  if (version >= 4) m.coordinators = reader.array(flexible, () => readCoordinator(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeFindCoordinatorResponse(writer: Writer, version: number, m: FindCoordinatorResponse): void {
  const flexible = version >= 3
  if (version >= 1) writer.int32(m.throttleTimeMs)
  if (version <= 3) writer.int16(m.errorCode)
  if (version >= 1 && version <= 3) writer.nullableString(m.errorMessage, flexible, true)
  if (version <= 3) writer.int32(m.nodeId)
  if (version <= 3) writer.string(m.host, flexible)
  if (version <= 3) writer.int32(m.port)
  if (version >= 4) writer.array(m.coordinators, flexible, (item) => writeCoordinator(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes FindCoordinatorResponse, versions 0 to 6, flexible from 3. */
export const findCoordinatorResponseCodec: Codec<FindCoordinatorResponse> = {
  name: 'FindCoordinatorResponse',
  apiKey: 10,
  minVersion: 0,
  maxVersion: 6,
  maxStableVersion: 6,
  flexibleFrom: 3,
  read: readFindCoordinatorResponse,
  write: writeFindCoordinatorResponse,
}
