// Generated from DeleteGroupsRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface DeleteGroupsRequest {
  /** The group names to delete. (versions 0+) */
  groupsNames: string[]
}

/** A DeleteGroupsRequest with the schema's defaults where `fields` says nothing. */
export function deleteGroupsRequest(fields: Partial<DeleteGroupsRequest> = {}): DeleteGroupsRequest {
  return { groupsNames: [], ...fields }
}

function readDeleteGroupsRequest(reader: Reader, version: number): DeleteGroupsRequest {
  const flexible = version >= 2
  const m = deleteGroupsRequest()
  m.groupsNames = reader.array(flexible, () => reader.string(flexible))
  if (flexible) reader.skipTags()
  return m
}

function writeDeleteGroupsRequest(writer: Writer, version: number, m: DeleteGroupsRequest): void {
  const flexible = version >= 2
  writer.array(m.groupsNames, flexible, (item) => writer.string(item, flexible))
  if (flexible) writer.noTags()
}

/** Reads and writes DeleteGroupsRequest, versions 0 to 2, flexible from 2. */
export const deleteGroupsRequestCodec: Codec<DeleteGroupsRequest> = {
  name: 'DeleteGroupsRequest',
  apiKey: 42,
  minVersion: 0,
  maxVersion: 2,
  maxStableVersion: 2,
  flexibleFrom: 2,
  read: readDeleteGroupsRequest,
  write: writeDeleteGroupsRequest,
}
