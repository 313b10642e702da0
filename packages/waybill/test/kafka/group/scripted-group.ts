import { type Kafka, kafka, type KafkaOptions } from '../../../src/kafka/kafka.js'
import { ByteReader } from '../../../src/kafka/network/byte-reader.js'
import type { GroupListener, GroupMember, GroupOptions, GroupPartition } from '../../../src/ports/group.js'
import { systemClock } from '../../../src/system/clock.js'
import { silentLog } from '../../../src/system/log.js'
import { systemRandom } from '../../../src/system/random.js'
import {
  apiVersionsKey,
  array,
  describeConfigsKey,
  int16,
  int32,
  int64,
  int8,
  metadata,
  metadataKey,
  noTags,
  type Reaction,
  type Received,
  type Script,
  ScriptedBroker,
  text,
  topicId,
} from '../scripted-broker.js'

export const commitKey = 8
export const offsetFetchKey = 9
export const findCoordinatorKey = 10
export const heartbeatKey = 68

/** A heartbeat as it came in; `null` is "did not change". */
export interface Beat {
  readonly version: number
  readonly memberId: string
  readonly epoch: number
  readonly instanceId: string | null
  readonly rebalanceTimeoutMs: number
  readonly topics: readonly string[] | null
  /** Partition numbers of topic `t`. */
  readonly owned: readonly number[] | null
}

/** What the coordinator answers; partitions of topic `t`. */
export interface BeatAnswer {
  readonly errorCode?: number
  readonly epoch?: number
  readonly intervalMs?: number
  readonly assigned?: readonly number[]
  readonly topicId?: string
}

/** A commit as it came in: the member epoch and the offset of partition 0. */
export interface Commit {
  readonly version: number
  readonly topic: string
  readonly epoch: number
  readonly offset: number
}

/** Reactions of a scripted coordinator. A heartbeat without one gets epoch 1 and partition 0. */
export interface Coordination {
  readonly beat?: (beat: Beat, index: number) => BeatAnswer | Reaction | Promise<BeatAnswer | Reaction>
  readonly commit?: (commit: Commit, index: number) => number | Reaction | Promise<number | Reaction>
  readonly fetched?: (index: number) => Stored | Reaction
  readonly sessionTimeoutMs?: number
  /** Highest version of OffsetCommit and OffsetFetch, and of ConsumerGroupHeartbeat (-1: not offered). */
  readonly offsetsMax?: number
  readonly heartbeatMax?: number
  readonly extra?: Script
}

/** A committed position of partition 0, or errors. */
export interface Stored {
  readonly groupError?: number
  readonly error?: number
  readonly offset?: number
  readonly metadata?: string
}

/** One broker that is the coordinator of every group, and one member facing it. */
export class ScriptedGroup implements AsyncDisposable {
  readonly beats: Beat[] = []
  readonly commits: Commit[] = []
  readonly server: ScriptedBroker
  readonly kafka: Kafka
  #fetches = 0

  private constructor(server: ScriptedBroker, options: Partial<KafkaOptions>) {
    const quick = { connectTimeoutMs: 1000, requestTimeoutMs: 500, callTimeoutMs: 1000, metadataMaxAgeMs: 50 }
    const ports = { clock: systemClock, random: systemRandom, log: silentLog }
    this.server = server
    this.kafka = kafka({ brokers: [server.address], ...quick, ...options }, ports)
  }

  static async start(coordination: Coordination = {}, options: Partial<KafkaOptions> = {}): Promise<ScriptedGroup> {
    const late: { group?: ScriptedGroup } = {} // the server is there first
    const { sessionTimeoutMs = 5000, offsetsMax = 10, heartbeatMax = 1 } = coordination
    const server = await ScriptedBroker.start({
      [apiVersionsKey]: () => apiVersions(offsetsMax, heartbeatMax),
      [metadataKey]: (_, port) => metadata(port),
      [findCoordinatorKey]: (_, port) => coordinatorAt(port),
      [describeConfigsKey]: () => setting(String(sessionTimeoutMs)),
      [heartbeatKey]: (request) => late.group?.beat(coordination, request) ?? 'cut',
      [commitKey]: (request) => late.group?.commit(coordination, request) ?? 'cut',
      [offsetFetchKey]: (request) => late.group?.fetched(coordination, request) ?? 'cut',
      ...coordination.extra,
    })
    late.group = new ScriptedGroup(server, options)
    return late.group
  }

  join(listener: Partial<GroupListener> = {}, options: Partial<GroupOptions> = {}): Promise<GroupMember> {
    const silent = { assigned: () => {}, revoked: async () => {}, lost: () => {}, ended: () => {} }
    return this.kafka.join(
      { group: 'g', topics: ['t'], rebalanceTimeoutMs: 5000, groupProtocol: 'consumer', ...options },
      { ...silent, ...listener },
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kafka.close()
    await this.server[Symbol.asyncDispose]()
  }

  async beat({ beat: react }: Coordination, request: Received): Promise<Reaction> {
    const beat = parseBeat(request)
    const index = this.beats.push(beat) - 1
    const answer = (await react?.(beat, index)) ?? (beat.epoch === 0 ? { assigned: [0] } : {})
    if (typeof answer === 'string' || Buffer.isBuffer(answer)) return answer
    return beatAnswer(answer)
  }

  async commit({ commit: react }: Coordination, request: Received): Promise<Reaction> {
    const commit = parseCommit(request)
    const index = this.commits.push(commit) - 1
    const answer = (await react?.(commit, index)) ?? 0
    return typeof answer === 'number' ? committed(request.version, answer) : answer
  }

  fetched({ fetched: react }: Coordination, request: Received): Reaction {
    const answer = react?.(this.#fetches++) ?? {}
    return typeof answer === 'string' || Buffer.isBuffer(answer) ? answer : storedAnswer(request.version, answer)
  }
}

/** Waits until `holds`, at most 5 s. */
export async function eventually(holds: () => boolean, what: () => string): Promise<void> {
  const untilMs = systemClock.monotonicMs() + 5000
  while (!holds()) {
    if (systemClock.monotonicMs() > untilMs) throw new Error(`in vain: ${what()}`)
    await systemClock.sleep(5)
  }
}

export const partition0: GroupPartition = { topic: 't', topicId, partition: 0 }

function parseBeat({ version, body }: Received): Beat {
  const reader = new ByteReader(body)
  reader.text() // group
  const memberId = reader.text() ?? ''
  const epoch = reader.int32()
  const instanceId = reader.text()
  reader.text() // rack
  const rebalanceTimeoutMs = reader.int32()
  const topics = nullable(reader, () => reader.text() ?? '')
  if (version >= 1) reader.text() // pattern
  reader.text() // assignor
  const owned = nullable(reader, () => {
    reader.uuid()
    const partitions = reader.array(() => reader.int32())
    reader.skipTags()
    return partitions
  })
  return { version, memberId, epoch, instanceId, rebalanceTimeoutMs, topics, owned: owned && owned.flat() }
}

function nullable<T>(reader: ByteReader, read: () => T): T[] | null {
  const count = reader.uvarint() - 1
  return count < 0 ? null : Array.from({ length: count }, read)
}

function parseCommit({ version, body }: Received): Commit {
  const reader = new ByteReader(body)
  reader.text() // group
  const epoch = reader.int32()
  reader.text() // member
  reader.text() // instance
  reader.uvarint()
  const topic = version >= 10 ? reader.uuid() : (reader.text() ?? '')
  reader.uvarint()
  reader.int32()
  return { version, topic, epoch, offset: reader.int64() }
}

/** Partitions in an answer to a heartbeat; tags and left-out fields as a newer broker might send them. */
export function beatAnswer({
  errorCode = 0,
  epoch = 1,
  intervalMs = 30,
  assigned,
  topicId: id = topicId,
}: BeatAnswer): Buffer {
  const assignment =
    assigned === undefined
      ? int8(-1)
      : Buffer.concat([
          int8(1),
          array([Buffer.concat([Buffer.from(id, 'hex'), array(assigned.map(int32)), noTags])]),
          noTags,
        ])
  return Buffer.concat([
    int32(0),
    int16(errorCode),
    text(null),
    text('m'),
    int32(epoch),
    int32(intervalMs),
    assignment,
    noTags,
  ])
}

function committed(version: number, errorCode: number): Buffer {
  const partition = Buffer.concat([int32(0), int16(errorCode), noTags])
  return Buffer.concat([int32(0), array([Buffer.concat([topicName(version), array([partition]), noTags])]), noTags])
}

function storedAnswer(version: number, { groupError = 0, error = 0, offset = 5, metadata: note = '' }: Stored): Buffer {
  const partition = Buffer.concat([int32(0), int64(BigInt(offset)), int32(3), text(note), int16(error), noTags])
  const topic = Buffer.concat([topicName(version), array([partition]), noTags])
  const group = Buffer.concat([text('g'), array([topic]), int16(groupError), noTags])
  return Buffer.concat([int32(0), array([group]), noTags])
}

function topicName(version: number): Buffer {
  return version >= 10 ? Buffer.from(topicId, 'hex') : text('t')
}

/** FindCoordinator's answer: this port. */
export function coordinatorAt(port: number, errorCode = 0): Buffer {
  const found = [text('g'), int32(1), text('127.0.0.1'), int32(port), int16(errorCode), text(null), noTags]
  return Buffer.concat([int32(0), array([Buffer.concat(found)]), noTags])
}

/** DescribeConfigs' answer: one setting of one resource, or none. */
export function setting(value: string | undefined): Buffer {
  const config = [text('s'), text(value ?? ''), int8(0), int8(1), int8(0), array([]), int8(3), text(null), noTags]
  const configs = array(value === undefined ? [] : [Buffer.concat(config)])
  return Buffer.concat([
    int32(0),
    array([Buffer.concat([int16(0), text(null), int8(32), text('g'), configs, noTags])]),
    noTags,
  ])
}

function apiVersions(offsetsMax: number, heartbeatMax: number): Buffer {
  const max = new Map([
    [commitKey, offsetsMax],
    [offsetFetchKey, offsetsMax],
    [heartbeatKey, heartbeatMax],
  ])
  const offered = [0, 1, 2, 3, 8, 9, 10, 18, 19, 22, 23, 32, 68].filter((key) => (max.get(key) ?? 0) >= 0)
  const entries = offered.map((key) => Buffer.concat([int16(key), int16(0), int16(max.get(key) ?? 20), noTags]))
  return Buffer.concat([int16(0), array(entries), int32(0), noTags])
}
