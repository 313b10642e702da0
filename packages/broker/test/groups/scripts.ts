import { consumerGroupHeartbeatRequest } from '../../src/generated/consumer-group-heartbeat-request.js'
import type { ConsumerGroupHeartbeatRequest } from '../../src/generated/consumer-group-heartbeat-request.js'
import type { ConsumerGroupHeartbeatResponse } from '../../src/generated/consumer-group-heartbeat-response.js'
import type { Session } from './session.js'
import { classicScripts } from './classic-scripts.js'
import { offsetScripts } from './offset-scripts.js'

/** A sequence of requests that every broker must answer alike. */
export interface Script {
  readonly name: string
  run(s: Session): Promise<void>
}

type Beat = Partial<ConsumerGroupHeartbeatRequest>

const HEARTBEAT = 'ConsumerGroupHeartbeat'

function beat(s: Session, what: string, fields: Beat, version = 1): Promise<ConsumerGroupHeartbeatResponse> {
  return s.ask(what, HEARTBEAT, version, consumerGroupHeartbeatRequest(fields))
}

function join(groupId: string, memberId: string, topic: string, more: Beat = {}): Beat {
  return {
    groupId,
    memberId,
    memberEpoch: 0,
    rebalanceTimeoutMs: 30_000,
    subscribedTopicNames: [topic],
    topicPartitions: [],
    ...more,
  }
}

function owning(topicId: string, ...partitions: number[]): Beat {
  return { topicPartitions: partitions.length === 0 ? [] : [{ topicId, partitions }] }
}

const describe = (s: Session, group: string): Promise<object> =>
  s.ask('describe', 'ConsumerGroupDescribe', 1, { groupIds: [group], includeAuthorizedOperations: true })

const refusals: Script = {
  name: 'heartbeats that no coordinator accepts',
  async run(s) {
    const group = 'refusals'
    await s.ready(group)
    const topicId = await s.topic('refusals-t', 1)
    const good = join(group, 'm', 'refusals-t')
    await beat(s, 'no group id', { ...good, groupId: '' })
    await beat(s, 'no member id', { ...good, memberId: '' })
    await beat(s, 'empty instance id', { ...good, instanceId: '' })
    await beat(s, 'empty rack id', { ...good, rackId: '' })
    await beat(s, 'no rebalance timeout', { ...good, rebalanceTimeoutMs: -1 })
    await beat(s, 'owns something', { ...good, ...owning(topicId, 0) })
    await beat(s, 'says nothing of what it owns', { ...good, topicPartitions: null })
    await beat(s, 'no subscription', { ...good, subscribedTopicNames: null })
    await beat(s, 'epoch -3', { ...good, memberEpoch: -3 })
    await beat(s, 'epoch -2 without instance', { ...good, memberEpoch: -2 })
    await beat(s, 'unknown assignor', { ...good, serverAssignor: 'sticky' })
    await beat(s, 'no such group', { groupId: group, memberId: 'm', memberEpoch: 5 })
    await beat(s, 'leaves no group', { groupId: group, memberId: 'm', memberEpoch: -1 })
    await describe(s, group)
    await beat(s, 'joins', good)
    await beat(s, 'unknown member', { groupId: group, memberId: 'x', memberEpoch: 2 })
    await beat(s, 'unknown member leaves', { groupId: group, memberId: 'x', memberEpoch: -1 })
    await beat(s, 'unknown instance', { groupId: group, memberId: 'm', memberEpoch: 2, instanceId: 'i' })
    await beat(s, 'epoch too new', { groupId: group, memberId: 'm', memberEpoch: 8 })
    await beat(s, 'bad expression', {
      ...good,
      memberId: 'r',
      subscribedTopicRegex: 'a',
      subscribedTopicNames: [],
      memberEpoch: -3,
    })
    const first = await beat(s, 'version 0 joins without an id', { ...good, memberId: '' }, 0)
    s.name(first.memberId ?? '', '<made by the server>')
    s.lines.pop()
    await beat(s, 'the made id leaves', { groupId: group, memberId: first.memberId ?? '', memberEpoch: -1 }, 0)
    await beat(s, 'leaves', { groupId: group, memberId: 'm', memberEpoch: -1 })
    await describe(s, group)
  },
}

const handOver: Script = {
  name: 'a partition goes to its next owner only when the one before has let go',
  async run(s) {
    const group = 'hand-over'
    await s.ready(group)
    const topicId = await s.topic('hand-over-t', 4)
    const [a, b] = [s.id('a'), s.id('b')]
    const my = (memberId: string, memberEpoch: number, more: Beat = {}): Beat => ({
      groupId: group,
      memberId,
      memberEpoch,
      ...more,
    })
    const commit = (what: string, memberId: string, epoch: number, partition: number): Promise<object> =>
      s.ask(what, 'OffsetCommit', 10, {
        groupId: group,
        memberId,
        generationIdOrMemberEpoch: epoch,
        groupInstanceId: null,
        retentionTimeMs: -1n,
        topics: [
          {
            name: '',
            topicId,
            partitions: [
              { partitionIndex: partition, committedOffset: 5n, committedLeaderEpoch: 0, committedMetadata: 'm' },
            ],
          },
        ],
      })
    const fetch = (what: string, memberId: string, memberEpoch: number): Promise<object> =>
      s.ask(what, 'OffsetFetch', 10, {
        groupId: '',
        topics: null,
        requireStable: true,
        groups: [{ groupId: group, memberId, memberEpoch, topics: [{ name: '', topicId, partitionIndexes: [0, 3] }] }],
      })
    await beat(s, 'a joins', join(group, a, 'hand-over-t'))
    await beat(s, 'a again', my(a, 2))
    await beat(s, 'a owns all', my(a, 2, owning(topicId, 0, 1, 2, 3)))
    await beat(s, 'b joins', join(group, b, 'hand-over-t'))
    await beat(s, 'b waits', my(b, 3))
    await describe(s, group)
    await beat(s, 'a must give up', my(a, 2))
    await beat(s, 'a still owns all', my(a, 2, owning(topicId, 0, 1, 2, 3)))
    await beat(s, 'b waits on', my(b, 3, owning(topicId)))
    await commit('a commits what it gives up', a, 2, 3)
    await commit('b commits what it has not', b, 3, 3)
    await describe(s, group)
    await beat(s, 'a has let go', my(a, 2, owning(topicId, 0, 1)))
    await beat(s, 'b gets', my(b, 3))
    await beat(s, 'b owns', my(b, 3, owning(topicId, 2, 3)))
    await describe(s, group)
    await commit('a in its old epoch, kept partition', a, 2, 0)
    await commit('a in its old epoch, lost partition', a, 2, 3)
    await commit('a in its epoch, lost partition', a, 3, 2)
    await commit('a in an epoch to come', a, 10, 0)
    await commit('a stranger', 'x', 3, 0)
    await commit('without member', '', -1, 0)
    await fetch('a reads', a, 3)
    await fetch('a reads in its old epoch', a, 2)
    await fetch('a stranger reads', 'x', 3)
    await beat(s, 'the answer to a was lost', my(a, 2, owning(topicId, 0, 1)))
    await beat(s, 'a claims more in its old epoch', my(a, 2, owning(topicId, 0, 1, 2)))
    await beat(s, 'a says nothing in its old epoch', my(a, 2))
    await beat(s, 'a is from the future', my(a, 4))
    await beat(s, 'a joins again', join(group, a, 'hand-over-t'))
    await beat(
      s,
      'a sends everything',
      my(a, 3, { rebalanceTimeoutMs: 30_000, subscribedTopicNames: ['hand-over-t'], ...owning(topicId, 0, 1) }),
    )
    await beat(s, 'b leaves', my(b, -1))
    await beat(s, 'b is gone', my(b, 3))
    await beat(s, 'a gets all', my(a, 3, owning(topicId, 0, 1)))
    await commit('b after its leave', b, 3, 3)
    await beat(s, 'a subscribes to nothing', my(a, 4, { subscribedTopicNames: [], ...owning(topicId, 0, 1, 2, 3) }))
    await beat(s, 'a has let go of all', my(a, 4, owning(topicId)))
    await describe(s, group)
    await beat(s, 'a leaves', my(a, -1))
    await commit('into the empty group', '', -1, 0)
    await commit('into the empty group with an epoch', a, 5, 0)
    await describe(s, group)
  },
}

const staticMember: Script = {
  name: 'a static member comes back to what it had',
  async run(s) {
    const group = 'static'
    await s.ready(group)
    const topicId = await s.topic('static-t', 2)
    const it = { instanceId: 'i' }
    await beat(s, 'joins', join(group, 'one', 'static-t', it))
    await beat(s, 'a twin joins', join(group, 'two', 'static-t', it))
    await beat(s, 'a twin beats', { groupId: group, memberId: 'two', memberEpoch: 2, ...it })
    await beat(s, 'a twin leaves', { groupId: group, memberId: 'two', memberEpoch: -2, ...it })
    await beat(s, 'leaves for a moment', { groupId: group, memberId: 'one', memberEpoch: -2, ...it })
    await describe(s, group)
    await beat(s, 'comes back', join(group, 'two', 'static-t', it))
    await beat(s, 'owns', { groupId: group, memberId: 'two', memberEpoch: 2, ...it, ...owning(topicId, 0, 1) })
    await beat(s, 'the one before', { groupId: group, memberId: 'one', memberEpoch: 2, ...it })
    await beat(s, 'without its instance', { groupId: group, memberId: 'two', memberEpoch: 2 })
    await describe(s, group)
    await beat(s, 'leaves for good', { groupId: group, memberId: 'two', memberEpoch: -1, ...it })
    await describe(s, group)
  },
}

const assignors: Script = {
  name: 'range and uniform assign as the server does',
  async run(s) {
    for (const serverAssignor of ['range', 'uniform']) {
      const group = `assignor-${serverAssignor}`
      const topic = `${group}-t`
      await s.ready(group)
      await s.topic(topic, 6)
      for (const id of ['m1', 'm2', 'm3']) await beat(s, `${id} joins`, join(group, id, topic, { serverAssignor }))
      await describe(s, group)
      for (const memberId of ['m1', 'm2', 'm3'])
        await beat(s, `${memberId} leaves`, { groupId: group, memberId, memberEpoch: -1 })
    }
  },
}

const topics: Script = {
  name: 'topics that come and go change the target',
  async run(s) {
    const group = 'topics'
    await s.ready(group)
    const first = await beat(s, 'subscribes to nothing there is', join(group, 'm', 'topics-t'))
    let epoch = first.memberEpoch
    const topicId = await s.topic('topics-t', 2)
    const mine = (more: Beat = {}): object =>
      consumerGroupHeartbeatRequest({ groupId: group, memberId: 'm', memberEpoch: epoch, ...more })
    const come = await s.until<ConsumerGroupHeartbeatResponse>(
      'it comes',
      HEARTBEAT,
      1,
      () => mine(owning(topicId)),
      (a) => a.memberEpoch !== epoch,
    )
    epoch = come.memberEpoch
    await s.ask('owns it', HEARTBEAT, 1, mine(owning(topicId, 0, 1)))
    await s.deleteTopic('topics-t')
    const gone = await s.until<ConsumerGroupHeartbeatResponse>(
      'it goes',
      HEARTBEAT,
      1,
      () => mine(owning(topicId, 0, 1)),
      (a) => a.assignment !== null,
    )
    epoch = gone.memberEpoch
    await s.ask('has let go', HEARTBEAT, 1, mine(owning(topicId)))
    await describe(s, group)
    await beat(s, 'leaves', { groupId: group, memberId: 'm', memberEpoch: -1 })
  },
}

const expiry: Script = {
  name: 'a member that is silent for its session, or keeps what it must give up, is fenced',
  async run(s) {
    const group = 'expiry'
    await s.ready(group)
    const topicId = await s.topic('expiry-t', 2)
    await beat(s, 'a joins, with a second to give up', join(group, 'a', 'expiry-t', { rebalanceTimeoutMs: 1000 }))
    await beat(s, 'b joins', join(group, 'b', 'expiry-t'))
    await beat(s, 'a must give up', { groupId: group, memberId: 'a', memberEpoch: 2 })
    const late = (): object =>
      consumerGroupHeartbeatRequest({ groupId: group, memberId: 'a', memberEpoch: 2, ...owning(topicId, 0, 1) })
    await s.until<ConsumerGroupHeartbeatResponse>('a is out', HEARTBEAT, 1, late, (a) => a.errorCode !== 0)
    await beat(s, 'b gets all', { groupId: group, memberId: 'b', memberEpoch: 3 })
    const ask = (): object => ({ groupIds: [group], includeAuthorizedOperations: false })
    await s.until<{ groups: { groupState: string }[] }>(
      'b is out',
      'ConsumerGroupDescribe',
      1,
      ask,
      (d) => d.groups[0]?.groupState === 'Empty',
    )
  },
}

/** Every script, in the order in which they run on one broker. */
export const groupScripts: readonly Script[] = [
  refusals,
  handOver,
  staticMember,
  assignors,
  topics,
  ...offsetScripts,
  ...classicScripts,
  expiry,
]
