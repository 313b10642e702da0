import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { consumerGroupHeartbeatRequest } from '../../src/generated/consumer-group-heartbeat-request.js'
import type { ConsumerGroupHeartbeatResponse } from '../../src/generated/consumer-group-heartbeat-response.js'
import type { OffsetFetchResponse } from '../../src/generated/offset-fetch-response.js'
import { type Broker, type BrokerOptions, createBroker } from '../../src/broker.js'
import { lastly, until } from '../fixture.js'
import { Session } from './session.js'

const T = 'orders'
const G = 'billing'
const topics = [{ name: T, partitions: 2 }]

async function running(t: TestContext, options: BrokerOptions = {}): Promise<Broker> {
  const broker = await createBroker({ topics, ...options })
  lastly(t, () => broker.close())
  return broker
}

function session(t: TestContext, broker: Broker): Session {
  const s = new Session(broker.port)
  lastly(t, () => s.close())
  return s
}

function commit(s: Session, offset: number, more: object = {}): Promise<number> {
  const partitions = [
    {
      partitionIndex: 0,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: 3,
      committedMetadata: `done to ${offset}`,
    },
  ]
  const request = {
    groupId: G,
    memberId: '',
    generationIdOrMemberEpoch: -1,
    groupInstanceId: null,
    retentionTimeMs: -1n,
    topics: [{ name: T, topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitions }],
    ...more,
  }
  return s
    .ask<{ topics: { partitions: { errorCode: number }[] }[] }>('commit', 'OffsetCommit', 9, request)
    .then((answer) => answer.topics[0]?.partitions[0]?.errorCode ?? -99)
}

async function committed(s: Session): Promise<[number, number, string] | undefined> {
  const groups = [{ groupId: G, memberId: null, memberEpoch: -1, topics: null }]
  const request = { groupId: '', topics: null, groups, requireStable: true }
  const answer = await s.ask<OffsetFetchResponse>('fetch', 'OffsetFetch', 8, request)
  const part = answer.groups[0]?.topics[0]?.partitions[0]
  return part && [Number(part.committedOffset), part.committedLeaderEpoch, part.metadata ?? '']
}

function beat(
  s: Session,
  memberId: string,
  memberEpoch: number,
  more: object = {},
): Promise<ConsumerGroupHeartbeatResponse> {
  const joining = memberEpoch === 0 ? { rebalanceTimeoutMs: 5000, subscribedTopicNames: [T], topicPartitions: [] } : {}
  const fields = { groupId: G, memberId, memberEpoch, ...joining, ...more }
  return s.ask('beat', 'ConsumerGroupHeartbeat', 1, consumerGroupHeartbeatRequest(fields))
}

test('a crash keeps commits and members; a power loss takes the commits that were not flushed, and no other', async (t) => {
  const broker = await running(t)
  let s = session(t, broker)
  assert.equal(await commit(s, 1), 0)
  const { memberEpoch } = await beat(s, 'm', 0)
  await broker.faults.crash()
  s = session(t, broker)
  assert.deepEqual(await committed(s), [1, 3, 'done to 1'])
  assert.equal((await beat(s, 'm', memberEpoch)).errorCode, 0, 'the member goes on in its epoch')
  await broker.stop()
  await broker.start()
  s = session(t, broker)
  assert.equal(await commit(s, 2, { memberId: 'm', generationIdOrMemberEpoch: memberEpoch }), 0)
  await broker.faults.powerLoss()
  s = session(t, broker)
  assert.deepEqual(await committed(s), [1, 3, 'done to 1'], 'the stop had flushed this one')
  assert.equal((await beat(s, 'm', memberEpoch)).errorCode, 0)
})

test('a member that is not heard after a restart is fenced within its session timeout', async (t) => {
  const broker = await running(t, { configs: { 'group.consumer.session.timeout.ms': '1000' } })
  const { memberEpoch } = await beat(session(t, broker), 'm', 0)
  await broker.faults.crash()
  const s = session(t, broker)
  await until('the member is gone', async () => (await beat(s, 'x', memberEpoch)).errorCode === 25 && (await empty(s)))
  assert.equal((await beat(s, 'm', memberEpoch)).errorCode, 25)
})

async function empty(s: Session): Promise<boolean> {
  const request = { groupIds: [G], includeAuthorizedOperations: false }
  const answer = await s.ask<{ groups: { groupState: string }[] }>('describe', 'ConsumerGroupDescribe', 1, request)
  return answer.groups[0]?.groupState === 'Empty'
}

test('expireOffsets forgets the offsets of an empty group and the group; those of live subscribers stay', async (t) => {
  const broker = await running(t)
  const s = session(t, broker)
  await beat(s, 'm', 0)
  assert.equal(await commit(s, 4, { memberId: 'm', generationIdOrMemberEpoch: 2 }), 0)
  assert.equal(broker.faults.expireOffsets(G), 0)
  assert.deepEqual(await committed(s), [4, 3, 'done to 4'])
  await beat(s, 'm', -1)
  assert.equal(broker.faults.expireOffsets(G), 1)
  assert.equal(await committed(s), undefined)
  const listed = await s.ask<{ groups: object[] }>('list', 'ListGroups', 5, { statesFilter: [], typesFilter: [] })
  assert.deepEqual(listed.groups, [])
  await broker.faults.crash()
  assert.equal(await committed(session(t, broker)), undefined, 'also after a crash')
})

test('offsets expire offsets.retention.minutes after the commit of a group nobody is in', async (t) => {
  let nowMs = Date.now()
  const configs = { 'offsets.retention.minutes': '1', 'offsets.retention.check.interval.ms': '5' }
  const broker = await running(t, { configs, clock: { now: () => nowMs } })
  const s = session(t, broker)
  await commit(s, 1)
  nowMs += 59_999
  await new Promise((resolve) => setTimeout(resolve, 30))
  assert.deepEqual(await committed(s), [1, 3, 'done to 1'])
  nowMs += 1
  await until('the offset is gone', async () => (await committed(s)) === undefined)
})

test('after moveCoordinator every connection hears NOT_COORDINATOR once, and nothing is lost', async (t) => {
  const broker = await running(t)
  const s = session(t, broker)
  const { memberEpoch } = await beat(s, 'm', 0)
  await commit(s, 6, { memberId: 'm', generationIdOrMemberEpoch: memberEpoch })
  broker.faults.moveCoordinator()
  assert.equal((await beat(s, 'm', memberEpoch)).errorCode, 16)
  assert.equal((await beat(s, 'm', memberEpoch)).errorCode, 0)
  assert.deepEqual(await committed(s), [6, 3, 'done to 6'])
  assert.equal(broker.faults.snapshot().coordinatorMoves, 1)
})

test('a commit whose answer is dropped has happened; one on a full disk has not', async (t) => {
  const broker = await running(t)
  let s = session(t, broker)
  await commit(s, 1)
  broker.faults.dropResponses({ api: 'OffsetCommit', count: 1 })
  await assert.rejects(commit(s, 2), /closed/)
  s = session(t, broker)
  assert.deepEqual(await committed(s), [2, 3, 'done to 2'])
  broker.faults.diskFull(true)
  assert.equal(await commit(s, 3), 16)
  assert.equal((await beat(s, 'm', 0)).errorCode, 16)
  broker.faults.diskFull(false)
  assert.deepEqual(await committed(s), [2, 3, 'done to 2'])
  broker.faults.errorNext({ api: 'OffsetCommit', count: 1, errorCode: 27, topic: T })
  assert.equal(await commit(s, 3), 27)
  assert.equal(await commit(s, 3), 0)
})

test('a deleted topic takes its offsets along, and one of the same name has none', async (t) => {
  const broker = await running(t)
  const s = session(t, broker)
  await commit(s, 9)
  await s.deleteTopic(T)
  assert.equal(await committed(s), undefined)
  await s.topic(T, 2)
  assert.equal(await committed(s), undefined)
})

test('nobody may write to __consumer_offsets or delete it', async (t) => {
  const broker = await running(t)
  const s = session(t, broker)
  await commit(s, 1)
  const name = '__consumer_offsets'
  const wanted = { topics: null, allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false }
  const { topics: all } = await s.ask<{ topics: { name: string; isInternal: boolean }[] }>(
    'all',
    'Metadata',
    12,
    wanted,
  )
  const internal = all.filter((topic) => topic.isInternal).map((topic) => topic.name)
  assert.deepEqual([internal, all.length], [[name], 2])
  const deletion = { topics: [{ name, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }], topicNames: [], timeoutMs: 1000 }
  const deleted = await s.ask<{ responses: { errorCode: number }[] }>('delete', 'DeleteTopics', 6, deletion)
  assert.equal(deleted.responses[0]?.errorCode, 42)
  assert.deepEqual(await committed(s), [1, 3, 'done to 1'])
})

test('the log of a group that commits all day long stays small, and holds everything after a restart', async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'waybill-groups-'))
  lastly(t, () => rmSync(dataDir, { recursive: true, force: true }))
  const broker = await running(t, { dataDir })
  let s = session(t, broker)
  const { memberEpoch } = await beat(s, 'm', 0)
  const more = { memberId: 'm', generationIdOrMemberEpoch: memberEpoch }
  const long = 'x'.repeat(4000)
  const partitions = (offset: number): object[] =>
    [0, 1].map((p) => ({
      partitionIndex: p,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: 3,
      committedMetadata: long,
    }))
  for (let offset = 1; offset <= 2500; offset++) {
    const wanted = [{ name: T, topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitions: partitions(offset) }]
    await s.quietly('OffsetCommit', 9, {
      groupId: G,
      groupInstanceId: null,
      retentionTimeMs: -1n,
      topics: wanted,
      ...more,
    })
  }
  const offsets = {
    name: '__consumer_offsets',
    partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -2n }],
  }
  const start = await s.ask<{ topics: { partitions: { offset: bigint }[] }[] }>('start', 'ListOffsets', 7, {
    replicaId: -1,
    isolationLevel: 0,
    topics: [offsets],
    timeoutMs: 1000,
  })
  assert.ok((start.topics[0]?.partitions[0]?.offset ?? 0n) > 1000n, 'the log begins behind what is outdated')
  await broker.faults.powerLoss()
  s = session(t, broker)
  const [offset] = (await committed(s)) ?? []
  assert.ok((offset ?? 0) >= 1000, `the snapshot was flushed, offset ${offset} is there`)
  assert.equal((await beat(s, 'm', memberEpoch)).errorCode, 0, 'the member is in the snapshot')
})

test('a subscription by expression gets every topic whose whole name fits, also later ones; a bad one is refused', async (t) => {
  const broker = await running(t, {
    topics: [{ name: 'orders' }, { name: 'orders-eu' }, { name: 'reorders' }],
    configs: { 'group.consumer.assignment.interval.ms': '0' },
  })
  const s = session(t, broker)
  const by = (subscribedTopicRegex: string): object => ({ subscribedTopicNames: [], subscribedTopicRegex })
  assert.equal((await beat(s, 'm', 0, by('orders('))).errorCode, 128)
  const first = await beat(s, 'm', 0, by('orders.*'))
  const topicsOf = (answer: ConsumerGroupHeartbeatResponse): number => answer.assignment?.topicPartitions.length ?? 0
  assert.deepEqual([first.errorCode, topicsOf(first)], [0, 2])
  await s.topic('orders-us', 1)
  const second = await beat(s, 'm', first.memberEpoch)
  assert.deepEqual([second.memberEpoch, topicsOf(second)], [first.memberEpoch + 1, 3])
})
