// Generated from ConsumerGroupTargetAssignmentMetadataKey in scripts/coordinator-records.json by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface ConsumerGroupTargetAssignmentMetadataKey {
  groupId: string
}

/** A ConsumerGroupTargetAssignmentMetadataKey with the schema's defaults where `fields` says nothing. */
export function consumerGroupTargetAssignmentMetadataKey(fields: Partial<ConsumerGroupTargetAssignmentMetadataKey> = {}): ConsumerGroupTargetAssignmentMetadataKey {
  return { groupId: '', ...fields }
}

function readConsumerGroupTargetAssignmentMetadataKey(reader: Reader, _version: number): ConsumerGroupTargetAssignmentMetadataKey {
  const m = consumerGroupTargetAssignmentMetadataKey()
  m.groupId = reader.string(false)
  return m
}

function writeConsumerGroupTargetAssignmentMetadataKey(writer: Writer, _version: number, m: ConsumerGroupTargetAssignmentMetadataKey): void {
  writer.string(m.groupId, false)
}

/** Reads and writes ConsumerGroupTargetAssignmentMetadataKey, versions 0 to 0. */
export const consumerGroupTargetAssignmentMetadataKeyCodec: Codec<ConsumerGroupTargetAssignmentMetadataKey> = {
  name: 'ConsumerGroupTargetAssignmentMetadataKey',
  apiKey: -1,
  minVersion: 0,
  maxVersion: 0,
  maxStableVersion: 0,
  flexibleFrom: Number.POSITIVE_INFINITY,
  read: readConsumerGroupTargetAssignmentMetadataKey,
  write: writeConsumerGroupTargetAssignmentMetadataKey,
}
