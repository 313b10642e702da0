// Generated from DescribeGroupsRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface DescribeGroupsRequest {
  /** The names of the groups to describe. (versions 0+) */
  groups: string[]
  /** Whether to include authorized operations. (versions 3+) */
  includeAuthorizedOperations: boolean
}

/** A DescribeGroupsRequest with the schema's defaults where `fields` says nothing. */
export function describeGroupsRequest(fields: Partial<DescribeGroupsRequest> = {}): DescribeGroupsRequest {
  return { groups: [], includeAuthorizedOperations: false, ...fields }
}

function readDescribeGroupsRequest(reader: Reader, version: number): DescribeGroupsRequest {
  const flexible = version >= 5
  const m = describeGroupsRequest()
  m.groups = reader.array(flexible, () => reader.string(flexible))
  if (version >= 3) m.includeAuthorizedOperations = reader.bool()
  if (flexible) reader.skipTags()
  return m
}

function writeDescribeGroupsRequest(writer: Writer, version: number, m: DescribeGroupsRequest): void {
  const flexible = version >= 5
  writer.array(m.groups, flexible, (item) => writer.string(item, flexible))
  if (version >= 3) writer.bool(m.includeAuthorizedOperations)
  if (flexible) writer.noTags()
}

/** Reads and writes DescribeGroupsRequest, versions 0 to 6, flexible from 5. */
export const describeGroupsRequestCodec: Codec<DescribeGroupsRequest> = {
  name: 'DescribeGroupsRequest',
  apiKey: 15,
  minVersion: 0,
  maxVersion: 6,
  maxStableVersion: 6,
  flexibleFrom: 5,
  read: readDescribeGroupsRequest,
  write: writeDescribeGroupsRequest,
}
