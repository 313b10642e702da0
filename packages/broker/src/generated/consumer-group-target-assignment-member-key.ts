// Generated from ConsumerGroupTargetAssignmentMemberKey in scripts/coordinator-records.json by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface ConsumerGroupTargetAssignmentMemberKey {
  groupId: string
  memberId: string
}

/** A ConsumerGroupTargetAssignmentMemberKey with the schema's defaults where `fields` says nothing. */
export function consumerGroupTargetAssignmentMemberKey(fields: Partial<ConsumerGroupTargetAssignmentMemberKey> = {}): ConsumerGroupTargetAssignmentMemberKey {
  return { groupId: '', memberId: '', ...fields }
}

function readConsumerGroupTargetAssignmentMemberKey(reader: Reader, _version: number): ConsumerGroupTargetAssignmentMemberKey {
  const m = consumerGroupTargetAssignmentMemberKey()
  m.groupId = reader.string(false)
  m.memberId = reader.string(false)
  return m
}

function writeConsumerGroupTargetAssignmentMemberKey(writer: Writer, _version: number, m: ConsumerGroupTargetAssignmentMemberKey): void {
  writer.string(m.groupId, false)
  writer.string(m.memberId, false)
}

/** Reads and writes ConsumerGroupTargetAssignmentMemberKey, versions 0 to 0. */
export const consumerGroupTargetAssignmentMemberKeyCodec: Codec<ConsumerGroupTargetAssignmentMemberKey> = {
  name: 'ConsumerGroupTargetAssignmentMemberKey',
  apiKey: -1,
  minVersion: 0,
  maxVersion: 0,
  maxStableVersion: 0,
  flexibleFrom: Number.POSITIVE_INFINITY,
  read: readConsumerGroupTargetAssignmentMemberKey,
  write: writeConsumerGroupTargetAssignmentMemberKey,
}
