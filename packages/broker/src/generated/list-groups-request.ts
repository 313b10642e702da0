// Generated from ListGroupsRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface ListGroupsRequest {
  /** The states of the groups we want to list. If empty, all groups are returned with their state. (versions 4+) */
  statesFilter: string[]
  /** The types of the groups we want to list. If empty, all groups are returned with their type. (versions 5+) */
  typesFilter: string[]
}

/** A ListGroupsRequest with the schema's defaults where `fields` says nothing. */
export function listGroupsRequest(fields: Partial<ListGroupsRequest> = {}): ListGroupsRequest {
  return { statesFilter: [], typesFilter: [], ...fields }
}

function readListGroupsRequest(reader: Reader, version: number): ListGroupsRequest {
  const flexible = version >= 3
  const m = listGroupsRequest()
  if (version >= 4) m.statesFilter = reader.array(flexible, () => reader.string(flexible))
  if (version >= 5) m.typesFilter = reader.array(flexible, () => reader.string(flexible))
  if (flexible) reader.skipTags()
  return m
}

function writeListGroupsRequest(writer: Writer, version: number, m: ListGroupsRequest): void {
  const flexible = version >= 3
  if (version >= 4) writer.array(m.statesFilter, flexible, (item) => writer.string(item, flexible))
  if (version >= 5) writer.array(m.typesFilter, flexible, (item) => writer.string(item, flexible))
  if (flexible) writer.noTags()
}

/** Reads and writes ListGroupsRequest, versions 0 to 5, flexible from 3. */
export const listGroupsRequestCodec: Codec<ListGroupsRequest> = {
  name: 'ListGroupsRequest',
  apiKey: 16,
  minVersion: 0,
  maxVersion: 5,
  maxStableVersion: 5,
  flexibleFrom: 3,
  read: readListGroupsRequest,
  write: writeListGroupsRequest,
}
