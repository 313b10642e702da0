// Generated from GroupMetadataValue in scripts/coordinator-records.json by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface MemberMetadata {
  memberId: string
  groupInstanceId: string | null
  clientId: string
  clientHost: string
  rebalanceTimeout: number
  sessionTimeout: number
  subscription: Buffer
  assignment: Buffer
}

/** A MemberMetadata with the schema's defaults where `fields` says nothing. */
export function memberMetadata(fields: Partial<MemberMetadata> = {}): MemberMetadata {
  return { memberId: '', groupInstanceId: null, clientId: '', clientHost: '', rebalanceTimeout: 0, sessionTimeout: 0, subscription: Buffer.alloc(0), assignment: Buffer.alloc(0), ...fields }
}

function readMemberMetadata(reader: Reader, version: number): MemberMetadata {
  const flexible = version >= 4
  const m = memberMetadata()
  m.memberId = reader.string(flexible)
  if (version >= 3) m.groupInstanceId = reader.nullableString(flexible, true)
  m.clientId = reader.string(flexible)
  m.clientHost = reader.string(flexible)
  if (version >= 1) m.rebalanceTimeout = reader.int32()
  m.sessionTimeout = reader.int32()
  m.subscription = reader.bytes(flexible)
  m.assignment = reader.bytes(flexible)
  if (flexible) reader.skipTags()
  return m
}

function writeMemberMetadata(writer: Writer, version: number, m: MemberMetadata): void {
  const flexible = version >= 4
  writer.string(m.memberId, flexible)
  if (version >= 3) writer.nullableString(m.groupInstanceId, flexible, true)
  writer.string(m.clientId, flexible)
  writer.string(m.clientHost, flexible)
  if (version >= 1) writer.int32(m.rebalanceTimeout)
  writer.int32(m.sessionTimeout)
  writer.bytes(m.subscription, flexible)
  writer.bytes(m.assignment, flexible)
  if (flexible) writer.noTags()
}

export interface GroupMetadataValue {
  protocolType: string
  generation: number
  protocol: string | null
  leader: string | null
  currentStateTimestamp: bigint
  members: MemberMetadata[]
}

/** A GroupMetadataValue with the schema's defaults where `fields` says nothing. */
export function groupMetadataValue(fields: Partial<GroupMetadataValue> = {}): GroupMetadataValue {
  return { protocolType: '', generation: 0, protocol: null, leader: null, currentStateTimestamp: -1n, members: [], ...fields }
}

function readGroupMetadataValue(reader: Reader, version: number): GroupMetadataValue {
  const flexible = version >= 4
  const m = groupMetadataValue()
  m.protocolType = reader.string(flexible)
  m.generation = reader.int32()
  m.protocol = reader.nullableString(flexible, true)
  m.leader = reader.nullableString(flexible, true)
  if (version >= 2) m.currentStateTimestamp = reader.int64()
  m.members = reader.array(flexible, () => readMemberMetadata(reader, version))
  if (flexible) reader.skipTags()
  return m
}

function writeGroupMetadataValue(writer: Writer, version: number, m: GroupMetadataValue): void {
  const flexible = version >= 4
  writer.string(m.protocolType, flexible)
  writer.int32(m.generation)
  writer.nullableString(m.protocol, flexible, true)
  writer.nullableString(m.leader, flexible, true)
  if (version >= 2) writer.int64(m.currentStateTimestamp)
  writer.array(m.members, flexible, (item) => writeMemberMetadata(writer, version, item))
  if (flexible) writer.noTags()
}

/** Reads and writes GroupMetadataValue, versions 0 to 4, flexible from 4. */
export const groupMetadataValueCodec: Codec<GroupMetadataValue> = {
  name: 'GroupMetadataValue',
  apiKey: -1,
  minVersion: 0,
  maxVersion: 4,
  maxStableVersion: 4,
  flexibleFrom: 4,
  read: readGroupMetadataValue,
  write: writeGroupMetadataValue,
}
