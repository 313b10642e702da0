// Generated from ConsumerGroupCurrentMemberAssignmentKey in scripts/coordinator-records.json by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface ConsumerGroupCurrentMemberAssignmentKey {
  groupId: string
  memberId: string
}

/** A ConsumerGroupCurrentMemberAssignmentKey with the schema's defaults where `fields` says nothing. */
export function consumerGroupCurrentMemberAssignmentKey(fields: Partial<ConsumerGroupCurrentMemberAssignmentKey> = {}): ConsumerGroupCurrentMemberAssignmentKey {
  return { groupId: '', memberId: '', ...fields }
}

function readConsumerGroupCurrentMemberAssignmentKey(reader: Reader, _version: number): ConsumerGroupCurrentMemberAssignmentKey {
  const m = consumerGroupCurrentMemberAssignmentKey()
  m.groupId = reader.string(false)
  m.memberId = reader.string(false)
  return m
}

function writeConsumerGroupCurrentMemberAssignmentKey(writer: Writer, _version: number, m: ConsumerGroupCurrentMemberAssignmentKey): void {
  writer.string(m.groupId, false)
  writer.string(m.memberId, false)
}

/** Reads and writes ConsumerGroupCurrentMemberAssignmentKey, versions 0 to 0. */
export const consumerGroupCurrentMemberAssignmentKeyCodec: Codec<ConsumerGroupCurrentMemberAssignmentKey> = {
  name: 'ConsumerGroupCurrentMemberAssignmentKey',
  apiKey: -1,
  minVersion: 0,
  maxVersion: 0,
  maxStableVersion: 0,
  flexibleFrom: Number.POSITIVE_INFINITY,
  read: readConsumerGroupCurrentMemberAssignmentKey,
  write: writeConsumerGroupCurrentMemberAssignmentKey,
}
