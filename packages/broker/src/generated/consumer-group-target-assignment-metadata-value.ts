// Generated from ConsumerGroupTargetAssignmentMetadataValue in scripts/coordinator-records.json by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Tag, Writer } from '../protocol/writer.js'

export interface ConsumerGroupTargetAssignmentMetadataValue {
  assignmentEpoch: number
  assignmentTimestamp: bigint
}

/** A ConsumerGroupTargetAssignmentMetadataValue with the schema's defaults where `fields` says nothing. */
export function consumerGroupTargetAssignmentMetadataValue(fields: Partial<ConsumerGroupTargetAssignmentMetadataValue> = {}): ConsumerGroupTargetAssignmentMetadataValue {
  return { assignmentEpoch: 0, assignmentTimestamp: 0n, ...fields }
}

function readConsumerGroupTargetAssignmentMetadataValue(reader: Reader, _version: number): ConsumerGroupTargetAssignmentMetadataValue {
  const flexible = true
  const m = consumerGroupTargetAssignmentMetadataValue()
  m.assignmentEpoch = reader.int32()
  if (flexible) {
    reader.tags((tag) => {
      switch (tag) {
        case 0:
          m.assignmentTimestamp = reader.int64()
          return true
        default:
          return false
      }
    })
  }
  return m
}

function writeConsumerGroupTargetAssignmentMetadataValue(writer: Writer, _version: number, m: ConsumerGroupTargetAssignmentMetadataValue): void {
  const flexible = true
  writer.int32(m.assignmentEpoch)
  if (flexible) {
    const tags: Tag[] = []
    if (m.assignmentTimestamp !== 0n) tags.push([0, (writer) => writer.int64(m.assignmentTimestamp)])
    writer.tags(tags)
  }
}

/** Reads and writes ConsumerGroupTargetAssignmentMetadataValue, versions 0 to 0, flexible from 0. */
export const consumerGroupTargetAssignmentMetadataValueCodec: Codec<ConsumerGroupTargetAssignmentMetadataValue> = {
  name: 'ConsumerGroupTargetAssignmentMetadataValue',
  apiKey: -1,
  minVersion: 0,
  maxVersion: 0,
  maxStableVersion: 0,
  flexibleFrom: 0,
  read: readConsumerGroupTargetAssignmentMetadataValue,
  write: writeConsumerGroupTargetAssignmentMetadataValue,
}
