// Generated from ConsumerGroupMetadataKey in scripts/coordinator-records.json by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface ConsumerGroupMetadataKey {
  groupId: string
}

/** A ConsumerGroupMetadataKey with the schema's defaults where `fields` says nothing. */
export function consumerGroupMetadataKey(fields: Partial<ConsumerGroupMetadataKey> = {}): ConsumerGroupMetadataKey {
  return { groupId: '', ...fields }
}

function readConsumerGroupMetadataKey(reader: Reader, _version: number): ConsumerGroupMetadataKey {
  const m = consumerGroupMetadataKey()
  m.groupId = reader.string(false)
  return m
}

function writeConsumerGroupMetadataKey(writer: Writer, _version: number, m: ConsumerGroupMetadataKey): void {
  writer.string(m.groupId, false)
}

/** Reads and writes ConsumerGroupMetadataKey, versions 0 to 0. */
export const consumerGroupMetadataKeyCodec: Codec<ConsumerGroupMetadataKey> = {
  name: 'ConsumerGroupMetadataKey',
  apiKey: -1,
  minVersion: 0,
  maxVersion: 0,
  maxStableVersion: 0,
  flexibleFrom: Number.POSITIVE_INFINITY,
  read: readConsumerGroupMetadataKey,
  write: writeConsumerGroupMetadataKey,
}
