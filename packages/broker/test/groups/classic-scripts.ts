import { joinGroupRequest } from '../../src/generated/join-group-request.js'
import type { JoinGroupRequest } from '../../src/generated/join-group-request.js'
import type { JoinGroupResponse } from '../../src/generated/join-group-response.js'
import { syncGroupRequest } from '../../src/generated/sync-group-request.js'
import type { Script } from './scripts.js'
import type { Session } from './session.js'

const metadata = Buffer.from([0, 0, 0, 0, 0, 1, 0, 1, 0x74, 0, 0, 0, 0])

function request(groupId: string, more: Partial<JoinGroupRequest> = {}): object {
  return joinGroupRequest({
    groupId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    protocolType: 'consumer',
    protocols: [
      { name: 'range', metadata },
      { name: 'roundrobin', metadata },
    ],
    ...more,
  })
}

function sync(
  s: Session,
  what: string,
  groupId: string,
  generationId: number,
  memberId: string,
  on: string,
  assigned: string[] = [],
  more: object = {},
): Promise<object> {
  return s.ask(
    what,
    'SyncGroup',
    5,
    {
      groupId,
      generationId,
      memberId,
      groupInstanceId: null,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: assigned.map((id, i) => ({ memberId: id, assignment: Buffer.from(`part ${i}`) })),
      ...more,
    },
    on,
  )
}

const beat = (s: Session, what: string, groupId: string, generationId: number, memberId: string): Promise<object> =>
  s.ask(what, 'Heartbeat', 4, { groupId, generationId, memberId, groupInstanceId: null })

const twoMembers: Script = {
  name: 'two classic members rebalance',
  async run(s) {
    const group = 'classic'
    await s.ready(group)
    await s.topic('t', 2)
    await s.ask('too short a session', 'JoinGroup', 9, request(group, { sessionTimeoutMs: 10 }))
    await s.ask('no group id', 'JoinGroup', 9, request(''))
    await s.ask('unknown member, no group', 'JoinGroup', 9, request(group, { memberId: 'x' }))
    await s.ask('no protocols', 'JoinGroup', 9, request(group, { protocols: [] }))
    await beat(s, 'no group', 'none', 1, 'x')
    const give = async (name: string): Promise<string> => {
      const { memberId } = (await s.quietly('JoinGroup', 9, request(group))) as unknown as JoinGroupResponse
      s.name(memberId, `<${name}>`)
      return memberId
    }
    const a = await give('a')
    await s.ask('a joins', 'JoinGroup', 9, request(group, { memberId: a }))
    const commit = (what: string, generation: number, memberId: string): Promise<object> =>
      s.ask(what, 'OffsetCommit', 9, {
        groupId: group,
        memberId,
        generationIdOrMemberEpoch: generation,
        groupInstanceId: null,
        retentionTimeMs: -1n,
        topics: [
          {
            name: 't',
            topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
            partitions: [{ partitionIndex: 0, committedOffset: 7n, committedLeaderEpoch: 0, committedMetadata: null }],
          },
        ],
      })
    await commit('before the assignment', 1, a)
    await sync(s, 'wrong generation', group, 9, a, 'main', [a])
    await sync(s, 'wrong protocol', group, 1, a, 'main', [a], { protocolName: 'other' })
    await sync(s, 'a assigns', group, 1, a, 'main', [a])
    await sync(s, 'a asks again', group, 1, a, 'main')
    await beat(s, 'a lives', group, 1, a)
    await beat(s, 'wrong generation', group, 2, a)
    await beat(s, 'unknown member', group, 1, 'x')
    await commit('a commits', 1, a)
    await commit('wrong generation', 0, a)
    await commit('from outside', -1, '')
    await s.ask('other protocol type', 'JoinGroup', 9, request(group, { protocolType: 'connect' }))
    await s.ask('other protocols', 'JoinGroup', 9, request(group, { protocols: [{ name: 'sticky', metadata }] }))
    const b = await give('b')
    const bJoins = s.quietly('JoinGroup', 9, request(group, { memberId: b }), 'b')
    await s.until<{ errorCode: number }>(
      'a must join again',
      'Heartbeat',
      4,
      () => ({ groupId: group, generationId: 1, memberId: a, groupInstanceId: null }),
      (r) => r.errorCode !== 0,
    )
    await commit('a commits while it rebalances', 1, a)
    await sync(s, 'a syncs while it rebalances', group, 1, a, 'main')
    await s.ask('a joins again', 'JoinGroup', 9, request(group, { memberId: a }))
    s.lines.push({ asked: 'b has joined', answer: { generationId: (await bJoins)['generationId'] } })
    const bSyncs = s.quietly(
      'SyncGroup',
      5,
      syncGroupRequest({
        groupId: group,
        generationId: 2,
        memberId: b,
        protocolType: 'consumer',
        protocolName: 'range',
      }),
      'b',
    )
    await sync(s, 'a assigns', group, 2, a, 'main', [a, b])
    s.lines.push({ asked: 'b gets its part', answer: String((await bSyncs)['assignment']) })
    await s.ask('describe', 'DescribeGroups', 6, { groups: [group], includeAuthorizedOperations: false })
    await s.ask('b joins again unchanged', 'JoinGroup', 9, request(group, { memberId: b }), 'b')
    await s.ask('subscribed', 'OffsetDelete', 0, {
      groupId: group,
      topics: [{ name: 't', partitions: [{ partitionIndex: 0 }] }],
    })
    await s.ask('a stranger leaves', 'LeaveGroup', 2, { groupId: group, memberId: 'x', members: [] })
    await s.ask('b leaves', 'LeaveGroup', 5, {
      groupId: group,
      memberId: '',
      members: [
        { memberId: b, groupInstanceId: null, reason: 'r' },
        { memberId: 'x', groupInstanceId: null, reason: null },
      ],
    })
    await beat(s, 'a must join again', group, 2, a)
    await s.ask('a leaves', 'LeaveGroup', 2, { groupId: group, memberId: a, members: [] })
    await s.ask('describe', 'DescribeGroups', 6, { groups: [group], includeAuthorizedOperations: false })
    await commit('from outside', -1, '')
    await s.ask('the group', 'DeleteGroups', 2, { groupsNames: [group] })
  },
}

const staticMember: Script = {
  name: 'a static classic member comes back without a rebalance',
  async run(s) {
    const group = 'classic-static'
    await s.ready(group)
    const it = { groupInstanceId: 'i' }
    const named = async (what: string, name: string, version: number): Promise<string> => {
      const answer = (await s.quietly('JoinGroup', version, request(group, it))) as unknown as JoinGroupResponse
      s.name(answer.memberId, `<${name}>`)
      const { generationId, errorCode, skipAssignment, members } = answer
      const isLeader = answer.leader === answer.memberId
      s.lines.push({
        asked: what,
        answer: { generationId, errorCode, skipAssignment, isLeader, members: members.length },
      })
      return answer.memberId
    }
    const one = await named('joins', 'one', 9)
    await sync(s, 'assigns', group, 1, one, 'main', [one], it)
    const two = await named('comes back', 'two', 9)
    await sync(s, 'its part is there', group, 1, two, 'main', [], it)
    const beatAs = (what: string, memberId: string): Promise<object> =>
      s.ask(what, 'Heartbeat', 4, { groupId: group, generationId: 1, memberId, ...it })
    await beatAs('the one before', one)
    await beatAs('the one now', two)
    await s.ask('the one before leaves', 'LeaveGroup', 5, {
      groupId: group,
      memberId: '',
      members: [{ memberId: one, ...it, reason: null }],
    })
    const three = await named('comes back in an old version', 'three', 8)
    await beatAs('the one now', three)
    await s.ask('an administrator removes it', 'LeaveGroup', 5, {
      groupId: group,
      memberId: '',
      members: [
        { memberId: '', ...it, reason: null },
        { memberId: '', groupInstanceId: 'j', reason: null },
      ],
    })
    await s.ask('describe', 'DescribeGroups', 6, { groups: [group], includeAuthorizedOperations: false })
  },
}

/** Scripts about the classic protocol. */
export const classicScripts: readonly Script[] = [twoMembers, staticMember]
