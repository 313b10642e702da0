import { type API, createAPI, type Reader, Writer } from '@platformatic/kafka'
import { ByteReader } from '../network/byte-reader.js'
import type { Link } from '../network/link.js'

const heartbeatKey = 68

/** A partition by topic id, as group requests name it. */
export interface AssignedPartition {
  /** 32 hex digits. */
  readonly topicId: string
  readonly partition: number
}

/** One ConsumerGroupHeartbeat. `undefined` fields are sent as "did not change". */
export interface Heartbeat {
  readonly group: string
  readonly memberId: string
  /** 0 joins, -1 leaves, -2 leaves for a moment (static member). */
  readonly memberEpoch: number
  readonly instanceId: string | undefined
  readonly rebalanceTimeoutMs: number | undefined
  readonly topics: readonly string[] | undefined
  readonly owned: readonly AssignedPartition[] | undefined
}

/** The coordinator's answer. */
export interface HeartbeatAnswer {
  readonly errorCode: number
  readonly message: string | null
  readonly memberEpoch: number
  readonly intervalMs: number
  /** What we may own now; `undefined`: unchanged. */
  readonly assignment: readonly AssignedPartition[] | undefined
}

type HeartbeatApi = API<[Heartbeat], HeartbeatAnswer>

const [v0, v1] = [0, 1].map(
  (version): HeartbeatApi =>
    createAPI(
      heartbeatKey,
      version,
      (heartbeat: Heartbeat) => heartbeatRequest(version, heartbeat),
      (_correlationId, _key, _version, reader) => parseHeartbeat(reader),
    ),
)

/**
 * ConsumerGroupHeartbeat v1 (Kafka 4.0: the member makes its own id), else v0 (3.7 to 3.9, which takes such an id as well);
 * `undefined` where the broker offers no KIP-848 groups.
 */
export function heartbeatApi(link: Link): HeartbeatApi | undefined {
  if (link.offers(heartbeatKey, 1)) return v1
  return link.offers(heartbeatKey, 0) ? v0 : undefined
}

function heartbeatRequest(version: number, heartbeat: Heartbeat): Writer {
  const writer = Writer.create()
    .appendString(heartbeat.group)
    .appendString(heartbeat.memberId)
    .appendInt32(heartbeat.memberEpoch)
    .appendString(heartbeat.instanceId) // also when unchanged: without it the coordinator takes us for a dynamic member
    .appendString(null) // no rack
    .appendInt32(heartbeat.rebalanceTimeoutMs ?? -1)
    .appendArray(heartbeat.topics && [...heartbeat.topics], (w, topic) => w.appendString(topic), true, false)
  if (version >= 1) writer.appendString(null) // no pattern
  return writer
    .appendString(null) // the coordinator's default assignor
    .appendArray(heartbeat.owned && byTopic(heartbeat.owned), (w, [topicId, partitions]) =>
      w.appendUUID(topicId).appendArray(partitions, (inner, each) => inner.appendInt32(each), true, false),
    )
    .appendTaggedFields()
}

/** Partition numbers per topic id. */
function byTopic(owned: readonly AssignedPartition[]): [string, number[]][] {
  const topics = new Map<string, number[]>()
  for (const { topicId, partition } of owned) {
    const partitions = topics.get(topicId)
    if (partitions === undefined) topics.set(topicId, [partition])
    else partitions.push(partition)
  }
  return [...topics]
}

function parseHeartbeat(libraryReader: Reader): HeartbeatAnswer {
  const reader = new ByteReader(libraryReader.buffer.slice(libraryReader.position))
  reader.int32() // throttle: the broker holds back our next request by itself
  const errorCode = reader.int16()
  const message = reader.text()
  reader.text() // our own member id
  const memberEpoch = reader.int32()
  const intervalMs = reader.int32()
  const assignment = reader.int8() < 0 ? undefined : parseAssignment(reader)
  reader.end('ConsumerGroupHeartbeat')
  return { errorCode, message, memberEpoch, intervalMs, assignment }
}

function parseAssignment(reader: ByteReader): AssignedPartition[] {
  const topics = reader.array(() => {
    const topicId = reader.uuid()
    const partitions = reader.array(() => reader.int32())
    reader.skipTags()
    return partitions.map((partition) => ({ topicId, partition }))
  })
  reader.skipTags()
  return topics.flat()
}
