// Generated from ConsumerGroupMetadataValue in scripts/coordinator-records.json by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Tag, Writer } from '../protocol/writer.js'

export interface ConsumerGroupMetadataValue {
  epoch: number
  metadataHash: bigint
}

/** A ConsumerGroupMetadataValue with the schema's defaults where `fields` says nothing. */
export function consumerGroupMetadataValue(fields: Partial<ConsumerGroupMetadataValue> = {}): ConsumerGroupMetadataValue {
  return { epoch: 0, metadataHash: 0n, ...fields }
}

function readConsumerGroupMetadataValue(reader: Reader, _version: number): ConsumerGroupMetadataValue {
  const flexible = true
  const m = consumerGroupMetadataValue()
  m.epoch = reader.int32()
  if (flexible) {
    reader.tags((tag) => {
      switch (tag) {
        case 0:
          m.metadataHash = reader.int64()
          return true
        default:
          return false
      }
    })
  }
  return m
}

function writeConsumerGroupMetadataValue(writer: Writer, _version: number, m: ConsumerGroupMetadataValue): void {
  const flexible = true
  writer.int32(m.epoch)
  if (flexible) {
    const tags: Tag[] = []
    if (m.metadataHash !== 0n) tags.push([0, (writer) => writer.int64(m.metadataHash)])
    writer.tags(tags)
  }
}

/** Reads and writes ConsumerGroupMetadataValue, versions 0 to 0, flexible from 0. */
export const consumerGroupMetadataValueCodec: Codec<ConsumerGroupMetadataValue> = {
  name: 'ConsumerGroupMetadataValue',
  apiKey: -1,
  minVersion: 0,
  maxVersion: 0,
  maxStableVersion: 0,
  flexibleFrom: 0,
  read: readConsumerGroupMetadataValue,
  write: writeConsumerGroupMetadataValue,
}
