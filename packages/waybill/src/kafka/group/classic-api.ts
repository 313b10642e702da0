import { type API, createAPI, type Reader, Writer } from '@platformatic/kafka'
import { ByteReader } from '../network/byte-reader.js'
import type { Link } from '../network/link.js'

const joinKey = 11
const heartbeatKey = 12
const leaveKey = 13
const syncKey = 14

/** What every request of a member begins with. */
export interface ClassicMember {
  readonly group: string
  /** Empty before the coordinator gave one. */
  readonly memberId: string
  readonly instanceId: string | undefined
}

/** One JoinGroup. */
export interface JoinRequest extends ClassicMember {
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocolType: string
  readonly assignor: string
  readonly subscription: Buffer
}

/** The answer to JoinGroup; `members` for the leader alone. */
export interface JoinAnswer {
  readonly errorCode: number
  readonly generation: number
  readonly protocolName: string | null
  readonly leader: string
  /** A static leader that came back: the assignment stands (KIP-814). */
  readonly isAssigned: boolean
  readonly memberId: string
  readonly members: readonly { readonly memberId: string; readonly subscription: Buffer }[]
}

/** One SyncGroup; the leader brings everybody's assignment. */
export interface SyncRequest extends ClassicMember {
  readonly generation: number
  readonly protocolType: string
  readonly assignor: string
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[]
}

/** The answer to SyncGroup. */
export interface SyncAnswer {
  readonly errorCode: number
  readonly assignment: Buffer
}

type JoinApi = API<[JoinRequest], JoinAnswer>

const joinApis = [9, 7].map(
  (version): JoinApi =>
    createAPI(
      joinKey,
      version,
      (request: JoinRequest) => joinRequest(version, request),
      (_correlationId, _key, _version, reader) => parseJoin(version, reader),
    ),
)

/** JoinGroup v9 (Kafka 3.2, says when the assignment stands), else v7; `undefined` where the broker has no classic groups. */
export function joinApi(link: Link): JoinApi | undefined {
  return joinApis.find((api) => link.offers(joinKey, api.version))
}

function joinRequest(version: number, request: JoinRequest): Writer {
  const { group, sessionTimeoutMs, rebalanceTimeoutMs, memberId, instanceId } = request
  const writer = Writer.create()
    .appendString(group)
    .appendInt32(sessionTimeoutMs)
    .appendInt32(rebalanceTimeoutMs)
    .appendString(memberId)
    .appendString(instanceId)
    .appendString(request.protocolType)
    .appendArray([request], (w, each) => w.appendString(each.assignor).appendBytes(each.subscription))
  if (version >= 8) writer.appendString(null) // no reason
  return writer.appendTaggedFields()
}

function parseJoin(version: number, libraryReader: Reader): JoinAnswer {
  const reader = readerOf(libraryReader)
  reader.int32() // throttle
  const errorCode = reader.int16()
  const generation = reader.int32()
  reader.text() // the protocol type asked for
  const protocolName = reader.text()
  const leader = reader.text() ?? ''
  const isAssigned = version >= 9 && reader.int8() !== 0
  const memberId = reader.text() ?? ''
  const members = reader.array(() => {
    const each = { memberId: reader.text() ?? '' }
    reader.text() // instance id
    const subscription = bytes(reader)
    reader.skipTags()
    return { ...each, subscription }
  })
  reader.end('JoinGroup')
  return { errorCode, generation, protocolName, leader, isAssigned, memberId, members }
}

/** SyncGroup v5 (Kafka 2.5 and newer). */
export const syncApi: API<[SyncRequest], SyncAnswer> = createAPI(
  syncKey,
  5,
  ({ group, generation, memberId, instanceId, protocolType, assignor, assignments }: SyncRequest) =>
    Writer.create()
      .appendString(group)
      .appendInt32(generation)
      .appendString(memberId)
      .appendString(instanceId)
      .appendString(protocolType)
      .appendString(assignor)
      .appendArray([...assignments], (w, each) => w.appendString(each.memberId).appendBytes(each.assignment))
      .appendTaggedFields(),
  (_correlationId, _key, _version, libraryReader) => {
    const reader = readerOf(libraryReader)
    reader.int32() // throttle
    const errorCode = reader.int16()
    reader.text() // protocol type
    reader.text() // assignor
    const assignment = bytes(reader)
    reader.end('SyncGroup')
    return { errorCode, assignment }
  },
)

/** Heartbeat v4 (Kafka 2.4 and newer): the error code. */
export const classicHeartbeatApi: API<[ClassicMember, generation: number], number> = createAPI(
  heartbeatKey,
  4,
  ({ group, memberId, instanceId }: ClassicMember, generation: number) =>
    Writer.create()
      .appendString(group)
      .appendInt32(generation)
      .appendString(memberId)
      .appendString(instanceId)
      .appendTaggedFields(),
  (_correlationId, _key, _version, libraryReader) => {
    const reader = readerOf(libraryReader)
    reader.int32() // throttle
    const errorCode = reader.int16()
    reader.end('Heartbeat')
    return errorCode
  },
)

/** LeaveGroup v4 (Kafka 2.4 and newer) of one member: the error code. */
export const leaveApi: API<[ClassicMember], number> = createAPI(
  leaveKey,
  4,
  (member: ClassicMember) =>
    Writer.create()
      .appendString(member.group)
      .appendArray([member], (w, each) => w.appendString(each.memberId).appendString(each.instanceId))
      .appendTaggedFields(),
  (_correlationId, _key, _version, libraryReader) => {
    const reader = readerOf(libraryReader)
    reader.int32() // throttle
    const errorCode = reader.int16()
    const [memberCode = 0] = reader.array(() => {
      reader.text()
      reader.text()
      const code = reader.int16()
      reader.skipTags()
      return code
    })
    reader.end('LeaveGroup')
    return errorCode === 0 ? memberCode : errorCode
  },
)

function readerOf(libraryReader: Reader): ByteReader {
  return new ByteReader(libraryReader.buffer.slice(libraryReader.position))
}

/** Compact bytes, copied: the buffer they lie in is the connection's. */
function bytes(reader: ByteReader): Buffer {
  return Buffer.from(reader.bytes(Math.max(0, reader.uvarint() - 1)))
}
