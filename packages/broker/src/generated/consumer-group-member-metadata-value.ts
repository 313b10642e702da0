// Generated from ConsumerGroupMemberMetadataValue in scripts/coordinator-records.json by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface ConsumerGroupMemberMetadataValue {
  instanceId: string | null
  rackId: string | null
  clientId: string
  clientHost: string
  subscribedTopicNames: string[]
  subscribedTopicRegex: string | null
  rebalanceTimeoutMs: number
  serverAssignor: string | null
}

/** A ConsumerGroupMemberMetadataValue with the schema's defaults where `fields` says nothing. */
export function consumerGroupMemberMetadataValue(fields: Partial<ConsumerGroupMemberMetadataValue> = {}): ConsumerGroupMemberMetadataValue {
  return { instanceId: null, rackId: null, clientId: '', clientHost: '', subscribedTopicNames: [], subscribedTopicRegex: null, rebalanceTimeoutMs: -1, serverAssignor: null, ...fields }
}

function readConsumerGroupMemberMetadataValue(reader: Reader, _version: number): ConsumerGroupMemberMetadataValue {
  const flexible = true
  const m = consumerGroupMemberMetadataValue()
  m.instanceId = reader.nullableString(flexible, true)
  m.rackId = reader.nullableString(flexible, true)
  m.clientId = reader.string(flexible)
  m.clientHost = reader.string(flexible)
  m.subscribedTopicNames = reader.array(flexible, () => reader.string(flexible))
  m.subscribedTopicRegex = reader.nullableString(flexible, true)
  m.rebalanceTimeoutMs = reader.int32()
  m.serverAssignor = reader.nullableString(flexible, true)
  if (flexible) reader.skipTags()
  return m
}

function writeConsumerGroupMemberMetadataValue(writer: Writer, _version: number, m: ConsumerGroupMemberMetadataValue): void {
  const flexible = true
  writer.nullableString(m.instanceId, flexible, true)
  writer.nullableString(m.rackId, flexible, true)
  writer.string(m.clientId, flexible)
  writer.string(m.clientHost, flexible)
  writer.array(m.subscribedTopicNames, flexible, (item) => writer.string(item, flexible))
  writer.nullableString(m.subscribedTopicRegex, flexible, true)
  writer.int32(m.rebalanceTimeoutMs)
  writer.nullableString(m.serverAssignor, flexible, true)
  if (flexible) writer.noTags()
}

/** Reads and writes ConsumerGroupMemberMetadataValue, versions 0 to 0, flexible from 0. */
export const consumerGroupMemberMetadataValueCodec: Codec<ConsumerGroupMemberMetadataValue> = {
  name: 'ConsumerGroupMemberMetadataValue',
  apiKey: -1,
  minVersion: 0,
  maxVersion: 0,
  maxStableVersion: 0,
  flexibleFrom: 0,
  read: readConsumerGroupMemberMetadataValue,
  write: writeConsumerGroupMemberMetadataValue,
}
