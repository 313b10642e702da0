// Generated from JoinGroupRequest.json of kafka-clients 4.3.1 by scripts/generate-protocol.mjs. Do not edit.
import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'

export interface JoinGroupRequestProtocol {
  /** The protocol name. (versions 0+) */
  name: string
  /** The protocol metadata. (versions 0+) */
  metadata: Buffer
}

/** A JoinGroupRequestProtocol with the schema's defaults where `fields` says nothing. */
export function joinGroupRequestProtocol(fields: Partial<JoinGroupRequestProtocol> = {}): JoinGroupRequestProtocol {
  return { name: '', metadata: Buffer.alloc(0), ...fields }
}

function readJoinGroupRequestProtocol(reader: Reader, version: number): JoinGroupRequestProtocol {
  const flexible = version >= 6
  const m = joinGroupRequestProtocol()
  m.name = reader.string(flexible)
  m.metadata = reader.bytes(flexible)
  if (flexible) reader.skipTags()
  return m
}

function writeJoinGroupRequestProtocol(writer: Writer, version: number, m: JoinGroupRequestProtocol): void {
  const flexible = version >= 6
  writer.string(m.name, flexible)
  writer.bytes(m.metadata, flexible)
  if (flexible) writer.noTags()
}

export interface JoinGroupRequest {
  /** The group identifier. (versions 0+) */
  groupId: string
  /** The coordinator considers the consumer dead if it receives no heartbeat after this timeout in milliseconds. (versions 0+) */
  sessionTimeoutMs: number
  /** The maximum time in milliseconds that the coordinator will wait for each member to rejoin when rebalancing the group. (versions 1+) */
  rebalanceTimeoutMs: number
  /** The member id assigned by the group coordinator. (versions 0+) */
  memberId: string
  /** The unique identifier of the consumer instance provided by end user. (versions 5+) */
  groupInstanceId: string | null
  /** The unique name the for class of protocols implemented by the group we want to join. (versions 0+) */
  protocolType: string
  /** The list of protocols that the member supports. (versions 0+) */
  protocols: JoinGroupRequestProtocol[]
  /** The reason why the member (re-)joins the group. (versions 8+) */
  reason: string | null
}

/** A JoinGroupRequest with the schema's defaults where `fields` says nothing. */
export function joinGroupRequest(fields: Partial<JoinGroupRequest> = {}): JoinGroupRequest {
  return { groupId: '', sessionTimeoutMs: 0, rebalanceTimeoutMs: -1, memberId: '', groupInstanceId: null, protocolType: '', protocols: [], reason: null, ...fields }
}

function readJoinGroupRequest(reader: Reader, version: number): JoinGroupRequest {
  const flexible = version >= 6
  const m = joinGroupRequest()
  m.groupId = reader.string(flexible)
  m.sessionTimeoutMs = reader.int32()
  if (version >= 1) m.rebalanceTimeoutMs = reader.int32()
  m.memberId = reader.string(flexible)
  if (version >= 5) m.groupInstanceId = reader.nullableString(flexible, true)
  m.protocolType = reader.string(flexible)
  m.protocols = reader.array(flexible, () => readJoinGroupRequestProtocol(reader, version))
  if (version >= 8) m.reason = reader.nullableString(flexible, true)
  if (flexible) reader.skipTags()
  return m
}

function writeJoinGroupRequest(writer: Writer, version: number, m: JoinGroupRequest): void {
  const flexible = version >= 6
  writer.string(m.groupId, flexible)
  writer.int32(m.sessionTimeoutMs)
  if (version >= 1) writer.int32(m.rebalanceTimeoutMs)
  writer.string(m.memberId, flexible)
  if (version >= 5) writer.nullableString(m.groupInstanceId, flexible, true)
  writer.string(m.protocolType, flexible)
  writer.array(m.protocols, flexible, (item) => writeJoinGroupRequestProtocol(writer, version, item))
  if (version >= 8) writer.nullableString(m.reason, flexible, true)
  if (flexible) writer.noTags()
}

/** Reads and writes JoinGroupRequest, versions 0 to 9, flexible from 6. */
export const joinGroupRequestCodec: Codec<JoinGroupRequest> = {
  name: 'JoinGroupRequest',
  apiKey: 11,
  minVersion: 0,
  maxVersion: 9,
  maxStableVersion: 9,
  flexibleFrom: 6,
  read: readJoinGroupRequest,
  write: writeJoinGroupRequest,
}
