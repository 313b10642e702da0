// Generated from DescribeClusterRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface DescribeClusterRequest {
  /** Whether to include cluster authorized operations. (versions 0+) */
  includeClusterAuthorizedOperations: boolean
  /** The endpoint type to describe. 1=brokers, 2=controllers. (versions 1+) */
  endpointType: number
  /** Whether to include fenced brokers when listing brokers. (versions 2+) */
  includeFencedBrokers: boolean
}

/** A DescribeClusterRequest with the schema's defaults where `fields` says nothing. */
export function describeClusterRequest(fields: Partial<DescribeClusterRequest> = {}): DescribeClusterRequest {
  return { includeClusterAuthorizedOperations: false, endpointType: 1, includeFencedBrokers: false, ...fields }
}

function readDescribeClusterRequest(reader: Reader, version: number): DescribeClusterRequest {
  const flexible = true
  const m = describeClusterRequest()
  m.includeClusterAuthorizedOperations = reader.bool()
  if (version >= 1) m.endpointType = reader.int8()
  if (version >= 2) m.includeFencedBrokers = reader.bool()
  if (flexible) reader.skipTags()
  return m
}

function writeDescribeClusterRequest(writer: Writer, version: number, m: DescribeClusterRequest): void {
  const flexible = true
  writer.bool(m.includeClusterAuthorizedOperations)
  if (version >= 1) writer.int8(m.endpointType)
  if (version >= 2) writer.bool(m.includeFencedBrokers)
  if (flexible) writer.noTags()
}

/** Reads and writes DescribeClusterRequest, versions 0 to 2, flexible from 0. */
export const describeClusterRequestCodec: Codec<DescribeClusterRequest> = {
  name: 'DescribeClusterRequest',
  apiKey: 60,
  minVersion: 0,
  maxVersion: 2,
  maxStableVersion: 2,
  flexibleFrom: 0,
  read: readDescribeClusterRequest,
  write: writeDescribeClusterRequest,
}
