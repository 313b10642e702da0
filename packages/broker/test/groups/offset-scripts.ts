import { joinGroupRequest } from '../../src/generated/join-group-request.js'
import type { Script } from './scripts.js'
import type { Session } from './session.js'

interface Part {
  partition?: number
  offset?: number
  leaderEpoch?: number
  metadata?: string | null
}

interface Commit {
  group: string
  topic?: string
  topicId?: string
  parts?: Part[]
  member?: string
  generation?: number
  retentionMs?: number
}

function commit(s: Session, what: string, version: number, c: Commit): Promise<object> {
  const partitions = (c.parts ?? [{}]).map((p) => ({
    partitionIndex: p.partition ?? 0,
    committedOffset: BigInt(p.offset ?? 1),
    committedLeaderEpoch: p.leaderEpoch ?? -1,
    committedMetadata: p.metadata === undefined ? 'm' : p.metadata,
  }))
  return s.ask(what, 'OffsetCommit', version, {
    groupId: c.group,
    memberId: c.member ?? '',
    generationIdOrMemberEpoch: c.generation ?? -1,
    groupInstanceId: null,
    retentionTimeMs: BigInt(c.retentionMs ?? -1),
    topics: [{ name: c.topic ?? '', topicId: c.topicId ?? 'AAAAAAAAAAAAAAAAAAAAAA', partitions }],
  })
}

async function fetches(s: Session, group: string, topic: string, topicId: string): Promise<void> {
  const some = [
    { name: topic, topicId, partitionIndexes: [0, 1, 2, 9] },
    { name: 'no-such', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partitionIndexes: [0] },
  ]
  for (const version of [1, 2, 5, 7, 8, 9, 10]) {
    for (const topics of version === 1 ? [some] : [some, null]) {
      await s.ask(topics === null ? 'everything' : 'some', 'OffsetFetch', version, {
        groupId: group,
        topics,
        requireStable: version >= 7,
        groups: [{ groupId: group, memberId: null, memberEpoch: -1, topics }],
      })
    }
  }
}

const plain: Script = {
  name: 'offsets of a group without members',
  async run(s) {
    const group = 'plain'
    await s.ready(group)
    const topic = 'plain-t'
    const topicId = await s.topic(topic, 3)
    await fetches(s, group, topic, topicId)
    await commit(s, 'no group, a generation', 8, { group, topic, generation: 5, member: 'x' })
    await commit(s, 'no group, a generation', 9, { group, topic, generation: 5, member: 'x' })
    for (const version of [2, 5, 6, 8, 9])
      await commit(s, 'first', version, { group, topic, parts: [{ offset: version, leaderEpoch: 3 }] })
    await commit(s, 'by id', 10, {
      group,
      topicId,
      parts: [
        { offset: 10, leaderEpoch: 4, metadata: 'über \u{1F69A}' },
        { partition: 1, metadata: null },
      ],
    })
    await commit(s, 'unknown id', 10, { group, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' })
    await commit(s, 'unknown topic', 9, { group, topic: 'no-such' })
    await commit(s, 'unknown partition beside a known one', 9, {
      group,
      topic,
      parts: [{ partition: 7 }, { partition: 2, offset: 0 }],
    })
    await commit(s, 'negative offset', 9, { group, topic, parts: [{ partition: 2, offset: -5 }] })
    const long = 'x'.repeat(4096)
    await commit(s, 'metadata at its limit, and beyond', 9, {
      group,
      topic,
      parts: [{ metadata: long }, { partition: 1, metadata: `${long}x` }],
    })
    await commit(s, 'as many signs, more bytes', 9, {
      group,
      topic,
      parts: [{ partition: 1, metadata: 'ü'.repeat(4096) }],
    })
    await commit(s, 'a stranger with an id but no generation', 9, { group, topic, member: 'x' })
    await commit(s, 'a stranger with a generation', 9, { group, topic, member: 'x', generation: 0 })
    await fetches(s, group, topic, topicId)
    await s.ask('list', 'ListGroups', 5, { statesFilter: [], typesFilter: ['classic'] })
    await s.ask('describe', 'DescribeGroups', 6, { groups: [group, 'none'], includeAuthorizedOperations: true })
    await s.ask('describe', 'DescribeGroups', 5, { groups: [group, 'none'], includeAuthorizedOperations: false })
    await s.ask('describe as the other protocol', 'ConsumerGroupDescribe', 1, {
      groupIds: [group, ''],
      includeAuthorizedOperations: false,
    })
    const del = (partitionIndex: number, name = topic): object => ({
      groupId: group,
      topics: [{ name, partitions: [{ partitionIndex }] }],
    })
    await s.ask('one offset', 'OffsetDelete', 0, del(2))
    await s.ask('one that is not there', 'OffsetDelete', 0, del(2))
    await s.ask('unknown partition', 'OffsetDelete', 0, del(8))
    await s.ask('unknown topic', 'OffsetDelete', 0, del(0, 'no-such'))
    await s.ask('unknown group', 'OffsetDelete', 0, { groupId: 'none', topics: [] })
    await fetches(s, group, topic, topicId)
    await s.ask('the group', 'DeleteGroups', 2, { groupsNames: [group, 'none'] })
    await fetches(s, group, topic, topicId)
  },
}

const versus: Script = {
  name: 'a group id in use by the other protocol',
  async run(s) {
    const group = 'versus'
    await s.ready(group)
    const topic = 'versus-t'
    await s.topic(topic, 1)
    await commit(s, 'before anybody', 9, { group, topic, parts: [{ offset: 3 }] })
    const join = {
      groupId: group,
      memberId: 'm',
      memberEpoch: 0,
      instanceId: null,
      rackId: null,
      rebalanceTimeoutMs: 5000,
      subscribedTopicNames: [topic],
      subscribedTopicRegex: null,
      serverAssignor: null,
      topicPartitions: [],
    }
    await s.ask('a member takes the group over', 'ConsumerGroupHeartbeat', 1, join)
    await commit(s, 'from outside', 9, { group, topic })
    await commit(s, 'a member, by an old version', 8, { group, topic, member: 'm', generation: 2 })
    await commit(s, 'the member', 9, { group, topic, member: 'm', generation: 2, parts: [{ offset: 4 }] })
    await s.ask('not empty', 'DeleteGroups', 2, { groupsNames: [group] })
    await s.ask('subscribed', 'OffsetDelete', 0, {
      groupId: group,
      topics: [{ name: topic, partitions: [{ partitionIndex: 0 }] }],
    })
    await s.ask('list', 'ListGroups', 5, { statesFilter: ['stable'], typesFilter: ['Consumer'] })
    await s.ask('as a classic group', 'DescribeGroups', 6, { groups: [group], includeAuthorizedOperations: false })
    const classic = joinGroupRequest({
      groupId: group,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) }],
    })
    await s.ask('a classic member', 'JoinGroup', 9, classic)
    await s.ask('a classic heartbeat', 'Heartbeat', 4, {
      groupId: group,
      generationId: 1,
      memberId: 'x',
      groupInstanceId: null,
    })
    await s.ask('a classic sync', 'SyncGroup', 5, {
      groupId: group,
      generationId: 1,
      memberId: 'x',
      groupInstanceId: null,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: [],
    })
    await s.ask('leaves', 'ConsumerGroupHeartbeat', 1, { ...join, memberEpoch: -1 })
    const first = await s.quietly('JoinGroup', 9, classic)
    s.name(String(first['memberId']), '<classic member>')
    await s.ask('a classic member of the empty group', 'JoinGroup', 9, { ...classic, memberId: first['memberId'] })
    await s.ask('the other protocol now', 'ConsumerGroupHeartbeat', 1, join)
    await s.ask('what was committed', 'OffsetFetch', 8, {
      groupId: '',
      topics: null,
      requireStable: false,
      groups: [{ groupId: group, memberId: null, memberEpoch: -1, topics: null }],
    })
    await s.ask('leaves', 'LeaveGroup', 5, {
      groupId: group,
      memberId: '',
      members: [{ memberId: first['memberId'], groupInstanceId: null, reason: null }],
    })
  },
}

/** Scripts about committed offsets. */
export const offsetScripts: readonly Script[] = [plain, versus]
