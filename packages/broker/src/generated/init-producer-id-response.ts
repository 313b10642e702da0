// Generated from InitProducerIdResponse.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface InitProducerIdResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number
  /** The current producer id. (versions 0+) */
  producerId: bigint
  /** The current epoch associated with the producer id. (versions 0+) */
  producerEpoch: number
  /** The producer id for ongoing transaction when KeepPreparedTxn is used, -1 if there is no transaction ongoing. (versions 6+) */
  ongoingTxnProducerId: bigint
  /** The epoch associated with the  producer id for ongoing transaction when KeepPreparedTxn is used, -1 if there is no transaction ongoing. (versions 6+) */
  ongoingTxnProducerEpoch: number
}

/** A InitProducerIdResponse with the schema's defaults where `fields` says nothing. */
export function initProducerIdResponse(fields: Partial<InitProducerIdResponse> = {}): InitProducerIdResponse {
  return { throttleTimeMs: 0, errorCode: 0, producerId: -1n, producerEpoch: 0, ongoingTxnProducerId: -1n, ongoingTxnProducerEpoch: -1, ...fields }
}

function readInitProducerIdResponse(reader: Reader, version: number): InitProducerIdResponse {
  const flexible = version >= 2
  const m = initProducerIdResponse()
  m.throttleTimeMs = reader.int32()
  m.errorCode = reader.int16()
  m.producerId = reader.int64()
  m.producerEpoch = reader.int16()
  if (version >= 6) m.ongoingTxnProducerId = reader.int64()
  if (version >= 6) m.ongoingTxnProducerEpoch = reader.int16()
  if (flexible) reader.skipTags()
  return m
}

function writeInitProducerIdResponse(writer: Writer, version: number, m: InitProducerIdResponse): void {
  const flexible = version >= 2
  writer.int32(m.throttleTimeMs)
  writer.int16(m.errorCode)
  writer.int64(m.producerId)
  writer.int16(m.producerEpoch)
  if (version >= 6) writer.int64(m.ongoingTxnProducerId)
  if (version >= 6) writer.int16(m.ongoingTxnProducerEpoch)
  if (flexible) writer.noTags()
}

/** Reads and writes InitProducerIdResponse, versions 0 to 6, flexible from 2. */
export const initProducerIdResponseCodec: Codec<InitProducerIdResponse> = {
  name: 'InitProducerIdResponse',
  apiKey: 22,
  minVersion: 0,
  maxVersion: 6,
  maxStableVersion: 6,
  flexibleFrom: 2,
  read: readInitProducerIdResponse,
  write: writeInitProducerIdResponse,
}
