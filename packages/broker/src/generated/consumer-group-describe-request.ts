// Generated from ConsumerGroupDescribeRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface ConsumerGroupDescribeRequest {
  /** The ids of the groups to describe. (versions 0+) */
  groupIds: string[]
  /** Whether to include authorized operations. (versions 0+) */
  includeAuthorizedOperations: boolean
}

/** A ConsumerGroupDescribeRequest with the schema's defaults where `fields` says nothing. */
export function consumerGroupDescribeRequest(fields: Partial<ConsumerGroupDescribeRequest> = {}): ConsumerGroupDescribeRequest {
  return { groupIds: [], includeAuthorizedOperations: false, ...fields }
}

function readConsumerGroupDescribeRequest(reader: Reader, _version: number): ConsumerGroupDescribeRequest {
  const flexible = true
  const m = consumerGroupDescribeRequest()
  m.groupIds = reader.array(flexible, () => reader.string(flexible))
  m.includeAuthorizedOperations = reader.bool()
  if (flexible) reader.skipTags()
  return m
}

function writeConsumerGroupDescribeRequest(writer: Writer, _version: number, m: ConsumerGroupDescribeRequest): void {
  const flexible = true
  writer.array(m.groupIds, flexible, (item) => writer.string(item, flexible))
  writer.bool(m.includeAuthorizedOperations)
  if (flexible) writer.noTags()
}

/** Reads and writes ConsumerGroupDescribeRequest, versions 0 to 1, flexible from 0. */
export const consumerGroupDescribeRequestCodec: Codec<ConsumerGroupDescribeRequest> = {
  name: 'ConsumerGroupDescribeRequest',
  apiKey: 69,
  minVersion: 0,
  maxVersion: 1,
  maxStableVersion: 1,
  flexibleFrom: 0,
  read: readConsumerGroupDescribeRequest,
  write: writeConsumerGroupDescribeRequest,
}
