// Generated from InitProducerIdRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface InitProducerIdRequest {
  /** The transactional id, or null if the producer is not transactional. (versions 0+) */
  transactionalId: string | null
  /** The time in ms to wait before aborting idle transactions sent by this producer. This is only relevant if a TransactionalId has been defined. (versions 0+) */
  transactionTimeoutMs: number
  /** The producer id. This is used to disambiguate requests if a transactional id is reused following its expiration. (versions 3+) */
  producerId: bigint
  /** The producer's current epoch. This will be checked against the producer epoch on the broker, and the request will return an error if they do not match. (versions 3+) */
  producerEpoch: number
  /** True if the client wants to enable two-phase commit (2PC) protocol for transactions. (versions 6+) */
  enable2Pc: boolean
  /** True if the client wants to keep the currently ongoing transaction instead of aborting it. (versions 6+) */
  keepPreparedTxn: boolean
}

/** A InitProducerIdRequest with the schema's defaults where `fields` says nothing. */
export function initProducerIdRequest(fields: Partial<InitProducerIdRequest> = {}): InitProducerIdRequest {
  return { transactionalId: '', transactionTimeoutMs: 0, producerId: -1n, producerEpoch: -1, enable2Pc: false, keepPreparedTxn: false, ...fields }
}

function readInitProducerIdRequest(reader: Reader, version: number): InitProducerIdRequest {
  const flexible = version >= 2
  const m = initProducerIdRequest()
  m.transactionalId = reader.nullableString(flexible, true)
  m.transactionTimeoutMs = reader.int32()
  if (version >= 3) m.producerId = reader.int64()
  if (version >= 3) m.producerEpoch = reader.int16()
  if (version >= 6) m.enable2Pc = reader.bool()
  if (version >= 6) m.keepPreparedTxn = reader.bool()
  if (flexible) reader.skipTags()
  return m
}

function writeInitProducerIdRequest(writer: Writer, version: number, m: InitProducerIdRequest): void {
  const flexible = version >= 2
  writer.nullableString(m.transactionalId, flexible, true)
  writer.int32(m.transactionTimeoutMs)
  if (version >= 3) writer.int64(m.producerId)
  if (version >= 3) writer.int16(m.producerEpoch)
  if (version >= 6) writer.bool(m.enable2Pc)
  if (version >= 6) writer.bool(m.keepPreparedTxn)
  if (flexible) writer.noTags()
}

/** Reads and writes InitProducerIdRequest, versions 0 to 6, flexible from 2. */
export const initProducerIdRequestCodec: Codec<InitProducerIdRequest> = {
  name: 'InitProducerIdRequest',
  apiKey: 22,
  minVersion: 0,
  maxVersion: 6,
  maxStableVersion: 5,
  flexibleFrom: 2,
  read: readInitProducerIdRequest,
  write: writeInitProducerIdRequest,
}
