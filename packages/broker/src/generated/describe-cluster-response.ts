// Generated from DescribeClusterResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface DescribeClusterBroker {
  /** The broker ID. (versions 0+) */
  brokerId: number
  /** The broker hostname. (versions 0+) */
  host: string
  /** The broker port. (versions 0+) */
  port: number
  /** The rack of the broker, or null if it has not been assigned to a rack. (versions 0+) */
  rack: string | null
  /** Whether the broker is fenced (versions 2+) */
  isFenced: boolean
}

/** A DescribeClusterBroker with the schema's defaults where `fields` says nothing. */
export function describeClusterBroker(fields: Partial<DescribeClusterBroker> = {}): DescribeClusterBroker {
  return { brokerId: 0, host: '', port: 0, rack: null, isFenced: false, ...fields }
}

function readDescribeClusterBroker(reader: Reader, version: number): DescribeClusterBroker {
  const flexible = true
  const m = describeClusterBroker()
  m.brokerId = reader.int32()
  m.host = reader.string(flexible)
  m.port = reader.int32()
  m.rack = reader.nullableString(flexible, true)
  if (version >= 2) m.isFenced = reader.bool()
  if (flexible) reader.skipTags()
  return m
}

function writeDescribeClusterBroker(writer: Writer, version: number, m: DescribeClusterBroker): void {
  const flexible = true
  writer.int32(m.brokerId)
  writer.string(m.host, flexible)
  writer.int32(m.port)
  writer.nullableString(m.rack, flexible, true)
  if (version >= 2) writer.bool(m.isFenced)
  if (flexible) writer.noTags()
}

export interface DescribeClusterResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number
  /** The top-level error code, or 0 if there was no error. (versions 0+) */
  errorCode: number
  /** The top-level error message, or null if there was no error. (versions 0+) */
  errorMessage: string | null
  /** The endpoint type that was described. 1=brokers, 2=controllers. (versions 1+) */
  endpointType: number
  /** The cluster ID that responding broker belongs to. (versions 0+) */
  clusterId: string
  /** The ID of the controller. When handled by a controller, returns the current voter leader ID. When handled by a broker, returns a random alive broker ID as a fallback. (versions 0+) */
  controllerId: number
  /** Each broker in the response. (versions 0+) */
  brokers: DescribeClusterBroker[]
  /** 32-bit bitfield to represent authorized operations for this cluster. (versions 0+) */
  clusterAuthorizedOperations: number
}

/** A DescribeClusterResponse with the schema's defaults where `fields` says nothing. */
export function describeClusterResponse(fields: Partial<DescribeClusterResponse> = {}): DescribeClusterResponse {
  return { throttleTimeMs: 0, errorCode: 0, errorMessage: null, endpointType: 1, clusterId: '', controllerId: -1, brokers: [], clusterAuthorizedOperations: -2147483648, ...fields }
}

function readDescribeClusterResponse(reader: Reader, version: number): DescribeClusterResponse {
  const flexible = true
  const m = describeClusterResponse()
  m.throttleTimeMs = reader.int32()
  m.errorCode = reader.int16()
  m.errorMessage = reader.nullableString(flexible, true)
  if (version >= 1) m.endpointType = reader.int8()
  m.clusterId = reader.string(flexible)
  m.controllerId = reader.int32()
  m.brokers = reader.array(flexible, () => readDescribeClusterBroker(reader, version))
  m.clusterAuthorizedOperations = reader.int32()
  if (flexible) reader.skipTags()
  return m
}

function writeDescribeClusterResponse(writer: Writer, version: number, m: DescribeClusterResponse): void {
  const flexible = true
  writer.int32(m.throttleTimeMs)
  writer.int16(m.errorCode)
  writer.nullableString(m.errorMessage, flexible, true)
  if (version >= 1) writer.int8(m.endpointType)
  writer.string(m.clusterId, flexible)
  writer.int32(m.controllerId)
  writer.array(m.brokers, flexible, (item) => writeDescribeClusterBroker(writer, version, item))
  writer.int32(m.clusterAuthorizedOperations)
  if (flexible) writer.noTags()
}

/** Reads and writes DescribeClusterResponse, versions 0 to 2, flexible from 0. */
export const describeClusterResponseCodec: Codec<DescribeClusterResponse> = {
  name: 'DescribeClusterResponse',
  apiKey: 60,
  minVersion: 0,
  maxVersion: 2,
  maxStableVersion: 2,
  flexibleFrom: 0,
  read: readDescribeClusterResponse,
  write: writeDescribeClusterResponse,
}
