// Generated from ConsumerGroupMemberMetadataKey in scripts/coordinator-records.json by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface ConsumerGroupMemberMetadataKey {
  groupId: string
  memberId: string
}

/** A ConsumerGroupMemberMetadataKey with the schema's defaults where `fields` says nothing. */
export function consumerGroupMemberMetadataKey(fields: Partial<ConsumerGroupMemberMetadataKey> = {}): ConsumerGroupMemberMetadataKey {
  return { groupId: '', memberId: '', ...fields }
}

function readConsumerGroupMemberMetadataKey(reader: Reader, _version: number): ConsumerGroupMemberMetadataKey {
  const m = consumerGroupMemberMetadataKey()
  m.groupId = reader.string(false)
  m.memberId = reader.string(false)
  return m
}

function writeConsumerGroupMemberMetadataKey(writer: Writer, _version: number, m: ConsumerGroupMemberMetadataKey): void {
  writer.string(m.groupId, false)
  writer.string(m.memberId, false)
}

/** Reads and writes ConsumerGroupMemberMetadataKey, versions 0 to 0. */
export const consumerGroupMemberMetadataKeyCodec: Codec<ConsumerGroupMemberMetadataKey> = {
  name: 'ConsumerGroupMemberMetadataKey',
  apiKey: -1,
  minVersion: 0,
  maxVersion: 0,
  maxStableVersion: 0,
  flexibleFrom: Number.POSITIVE_INFINITY,
  read: readConsumerGroupMemberMetadataKey,
  write: writeConsumerGroupMemberMetadataKey,
}
