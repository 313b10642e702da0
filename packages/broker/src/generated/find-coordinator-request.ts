// Generated from FindCoordinatorRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface FindCoordinatorRequest {
  /** The coordinator key. (versions 0-3) */
  key: string
  /** The coordinator key type. (group, transaction, share). (versions 1+) */
  keyType: number
  /** The coordinator keys. (versions 4+) */
  coordinatorKeys: string[]
}

/** A FindCoordinatorRequest with the schema's defaults where `fields` says nothing. */
export function findCoordinatorRequest(fields: Partial<FindCoordinatorRequest> = {}): FindCoordinatorRequest {
  return { key: '', keyType: 0, coordinatorKeys: [], ...fields }
}

function readFindCoordinatorRequest(reader: Reader, version: number): FindCoordinatorRequest {
  const flexible = version >= 3
  const m = findCoordinatorRequest()
  if (version <= 3) m.key = reader.string(flexible)
  if (version >= 1) m.keyType = reader.int8()
  if (version >= 4) m.coordinatorKeys = reader.array(flexible, () => reader.string(flexible))
  if (flexible) reader.skipTags()
  return m
}

function writeFindCoordinatorRequest(writer: Writer, version: number, m: FindCoordinatorRequest): void {
  const flexible = version >= 3
  if (version <= 3) writer.string(m.key, flexible)
  if (version >= 1) writer.int8(m.keyType)
  if (version >= 4) writer.array(m.coordinatorKeys, flexible, (item) => writer.string(item, flexible))
  if (flexible) writer.noTags()
}

/** Reads and writes FindCoordinatorRequest, versions 0 to 6, flexible from 3. */
export const findCoordinatorRequestCodec: Codec<FindCoordinatorRequest> = {
  name: 'FindCoordinatorRequest',
  apiKey: 10,
  minVersion: 0,
  maxVersion: 6,
  maxStableVersion: 6,
  flexibleFrom: 3,
  read: readFindCoordinatorRequest,
  write: writeFindCoordinatorRequest,
}
