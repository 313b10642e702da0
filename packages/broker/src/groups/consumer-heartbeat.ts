import type { ConsumerGroupHeartbeatRequest } from '../generated/consumer-group-heartbeat-request.js'
import {
  type ConsumerGroupHeartbeatResponse,
  assignment,
  consumerGroupHeartbeatResponse,
} from '../generated/consumer-group-heartbeat-response.js'
import { ApiError, ErrorCode } from '../protocol/error-codes.js'
import { newUuid } from '../protocol/uuid.js'
import { ASSIGNORS } from './assignors.js'
import {
  ConsumerGroup,
  type Member,
  currentRecord,
  isReconciledTo,
  memberRecord,
  newMember,
  removalRecords,
  sameAssignment,
  targetRecord,
} from './consumer-group.js'
import { fence, watchRevocation, watchSession } from './consumer-timeouts.js'
import type { GroupCoordinator } from './coordinator.js'
import type { CoordinatorRecord } from './coordinator-record.js'
import { type PartitionSets, listOf, sameEpochs } from './partition-sets.js'
import { reconcile } from './reconciliation.js'
import { checkRegex, metadataHash, subscribedTopicIds, subscribedTopics } from './subscriptions.js'
import { computeTargets } from './target-assignment.js'

/** Member epochs with a meaning of their own. */
const JOIN = 0
const LEAVE = -1
const LEAVE_STATIC = -2

/** Who asks, as far as the group is concerned. */
export interface GroupClient {
  readonly version: number
  readonly clientId: string
  /** As Java prints an address: '/127.0.0.1'. */
  readonly clientHost: string
}

/**
 * One heartbeat of a KIP-848 member: join, still here, leave (Kafka: GroupMetadataManager.consumerGroupHeartbeat). Throws an
 * ApiError for everything the member must be told.
 */
export function consumerGroupHeartbeat(
  c: GroupCoordinator,
  request: ConsumerGroupHeartbeatRequest,
  client: GroupClient,
): ConsumerGroupHeartbeatResponse {
  checkRequest(request, client.version)
  const { memberEpoch } = request
  return memberEpoch === LEAVE || memberEpoch === LEAVE_STATIC ? leave(c, request) : heartbeat(c, request, client)
}

/** GroupCoordinatorService.throwIfConsumerGroupHeartbeatRequestIsInvalid */
function checkRequest(request: ConsumerGroupHeartbeatRequest, version: number): void {
  const invalid = (message: string): ApiError => new ApiError(ErrorCode.INVALID_REQUEST, message)
  const { memberEpoch } = request
  // From version 1 on the client makes its own id, so that a lost first answer leaves no second member behind.
  const needsId = version >= 1 || memberEpoch > 0 || memberEpoch === LEAVE
  if (needsId && request.memberId.trim() === '') throw invalid("MemberId can't be empty.")
  if (request.groupId.trim() === '') throw invalid("GroupId can't be empty.")
  if (request.instanceId?.trim() === '') throw invalid("InstanceId can't be empty.")
  if (request.rackId?.trim() === '') throw invalid("RackId can't be empty.")
  if (memberEpoch === JOIN) {
    if (request.rebalanceTimeoutMs === -1) throw invalid('RebalanceTimeoutMs must be provided in first request.')
    if (request.topicPartitions === null || request.topicPartitions.length > 0) {
      throw invalid('TopicPartitions must be empty when (re-)joining.')
    }
    if (request.subscribedTopicNames === null && request.subscribedTopicRegex === null) {
      throw invalid('Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.')
    }
  } else if (memberEpoch === LEAVE_STATIC) {
    if (request.instanceId === null) throw invalid("InstanceId can't be null.")
  } else if (memberEpoch < LEAVE_STATIC) throw invalid('MemberEpoch is invalid.')
  if (request.serverAssignor !== null && !ASSIGNORS.has(request.serverAssignor)) {
    throw new ApiError(
      ErrorCode.UNSUPPORTED_ASSIGNOR,
      `ServerAssignor ${request.serverAssignor} is not supported. Supported assignors: ${[...ASSIGNORS.keys()].join(', ')}.`,
    )
  }
}

function leave(c: GroupCoordinator, request: ConsumerGroupHeartbeatRequest): ConsumerGroupHeartbeatResponse {
  const { groupId, memberId, instanceId, memberEpoch } = request
  const group = consumerGroup(c, groupId)
  const response = consumerGroupHeartbeatResponse({ memberId, memberEpoch })
  if (instanceId === null) {
    fence(c, group, memberOf(group, memberId).memberId)
    return response
  }
  const member = staticMemberOf(group, instanceId, memberId)
  if (memberEpoch === LEAVE) {
    fence(c, group, member.memberId)
    return response
  }
  // It keeps its partitions for the session timeout; assigned "in epoch 0", so that its next incarnation may commit them.
  const assigned = new Map([...member.assigned].map(([id, ps]) => [id, new Map([...ps.keys()].map((p) => [p, 0]))]))
  c.write([currentRecord(groupId, { ...member, memberEpoch: LEAVE_STATIC, assigned, pendingRevocation: new Map() })])
  return response
}

function heartbeat(
  c: GroupCoordinator,
  request: ConsumerGroupHeartbeatRequest,
  client: GroupClient,
): ConsumerGroupHeartbeatResponse {
  const records: CoordinatorRecord[] = []
  const group = groupFor(c, request, records)
  const memberId = request.memberId === '' ? newUuid(c.random) : request.memberId
  if (group.members.size >= c.config('group.consumer.max.size') && !group.members.has(memberId)) {
    const message = `The consumer group has reached its maximum capacity of ${c.config('group.consumer.max.size')} members.`
    throw new ApiError(ErrorCode.GROUP_MAX_SIZE_REACHED, message)
  }
  const member = memberFor(group, memberId, request, records)
  const updated = withRequest(member, request, client)
  const changed = subscriptionChange(member, updated)
  const before = JSON.stringify(memberRecord(group.id, member))
  if (JSON.stringify(memberRecord(group.id, updated)) !== before) records.push(memberRecord(group.id, updated))
  const groupEpoch = nextGroupEpoch(c, group, updated, changed, records)
  const target = nextTarget(c, group, updated, groupEpoch, records)
  const reconciled =
    !changed && isReconciledTo(updated, target.epoch)
      ? updated
      : reconcile(updated, {
          targetEpoch: target.epoch,
          target: target.partitions,
          subscriptionChanged: changed,
          subscribedTopicIds: subscribedTopicIds(c.topics, updated),
          partitionEpoch: (topicId, partition) => group.partitionEpoch(topicId, partition),
          owned: request.topicPartitions,
        })
  const moved = !sameAssignment(reconciled, updated)
  if (moved) records.push(currentRecord(group.id, reconciled))
  c.write(records)
  if (moved) watchRevocation(c, group.id, reconciled)
  watchSession(c, group.id, memberId)
  return answer(c, request, member, reconciled)
}

function answer(
  c: GroupCoordinator,
  request: ConsumerGroupHeartbeatRequest,
  before: Member,
  after: Member,
): ConsumerGroupHeartbeatResponse {
  const isFull =
    request.rebalanceTimeoutMs !== -1 &&
    (request.subscribedTopicNames !== null || request.subscribedTopicRegex !== null) &&
    request.topicPartitions !== null
  const tells = request.memberEpoch === JOIN || isFull || !sameEpochs(before.assigned, after.assigned)
  return consumerGroupHeartbeatResponse({
    memberId: after.memberId,
    memberEpoch: after.memberEpoch,
    heartbeatIntervalMs: c.config('group.consumer.heartbeat.interval.ms'),
    assignment: tells ? assignment({ topicPartitions: listOf(after.assigned) }) : null,
  })
}

/** The group of a heartbeat; a join makes it, also out of an empty classic one. */
function groupFor(
  c: GroupCoordinator,
  { groupId, memberEpoch }: ConsumerGroupHeartbeatRequest,
  records: CoordinatorRecord[],
): ConsumerGroup {
  const known = c.group(groupId)
  if (known?.kind === 'consumer') return known
  const refused = (message: string): ApiError => new ApiError(ErrorCode.GROUP_ID_NOT_FOUND, message)
  if (memberEpoch !== JOIN) {
    throw refused(known ? `Group ${groupId} is not a consumer group.` : `Consumer group ${groupId} not found.`)
  }
  if (known && !known.isEmpty) {
    // As Kafka with group.consumer.migration.policy=disabled: members of both protocols in one group are not for this broker.
    throw refused(`Cannot upgrade classic group ${groupId} to consumer group because online upgrade is disabled.`)
  }
  if (known) records.push({ kind: 'classicGroup', key: { group: groupId }, value: null })
  return new ConsumerGroup(groupId)
}

function consumerGroup(c: GroupCoordinator, groupId: string): ConsumerGroup {
  const group = c.group(groupId)
  if (group?.kind === 'consumer') return group
  const message = group ? `Group ${groupId} is not a consumer group.` : `Group ${groupId} not found.`
  throw new ApiError(ErrorCode.GROUP_ID_NOT_FOUND, message)
}

function memberOf(group: ConsumerGroup, memberId: string): Member {
  const member = group.members.get(memberId)
  if (member) return member
  throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID, `Member ${memberId} is not a member of group ${group.id}.`)
}

function staticMemberOf(group: ConsumerGroup, instanceId: string, memberId: string): Member {
  const member = group.staticMember(instanceId)
  if (!member) throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID, `Instance id ${instanceId} is unknown.`)
  if (member.memberId === memberId) return member
  throw new ApiError(
    ErrorCode.FENCED_INSTANCE_ID,
    `Static member ${memberId} with instance id ${instanceId} was fenced by member ${member.memberId}.`,
  )
}

/** The member that speaks, fenced when its epoch is not the one it was told last. */
function memberFor(
  group: ConsumerGroup,
  memberId: string,
  request: ConsumerGroupHeartbeatRequest,
  records: CoordinatorRecord[],
): Member {
  const { memberEpoch, instanceId } = request
  if (memberEpoch !== JOIN) {
    const member = instanceId === null ? memberOf(group, memberId) : staticMemberOf(group, instanceId, memberId)
    checkEpoch(member, request)
    return member
  }
  const before = instanceId === null ? undefined : group.staticMember(instanceId)
  if (!before) return group.members.get(memberId) ?? newMember(memberId)
  if (before.memberEpoch !== LEAVE_STATIC) {
    throw new ApiError(
      ErrorCode.UNRELEASED_INSTANCE_ID,
      `Static member ${memberId} with instance id ${instanceId} cannot join the group because the instance id is owned by ${before.memberId} member.`,
    )
  }
  const member = { ...before, memberId, memberEpoch: 0, previousMemberEpoch: 0 }
  records.push(
    ...removalRecords(group.id, before.memberId),
    memberRecord(group.id, member),
    targetRecord(group.id, memberId, group.targets.get(before.memberId) ?? new Map()),
    currentRecord(group.id, member),
  )
  return member
}

/** GroupMetadataManager.throwIfConsumerGroupMemberEpochIsInvalid */
function checkEpoch(member: Member, { memberEpoch, topicPartitions }: ConsumerGroupHeartbeatRequest): void {
  if (memberEpoch === member.memberEpoch) return
  // The answer with the newer epoch may have been lost: accepted once more, if the member holds nothing it must not.
  const holdsNothingElse = topicPartitions?.every(({ topicId, partitions }) =>
    partitions.every((p) => member.assigned.get(topicId)?.has(p)),
  )
  if (memberEpoch < member.memberEpoch && memberEpoch === member.previousMemberEpoch && holdsNothingElse) return
  const size = memberEpoch > member.memberEpoch ? 'greater' : 'smaller'
  throw new ApiError(
    ErrorCode.FENCED_MEMBER_EPOCH,
    `The consumer group member has a ${size} member epoch (${memberEpoch}) than the one known by the group coordinator (${member.memberEpoch}). The member must abandon all its partitions and rejoin.`,
  )
}

/** What the member has told so far, with what this request adds. */
function withRequest(member: Member, request: ConsumerGroupHeartbeatRequest, client: GroupClient): Member {
  const { subscribedTopicNames, rebalanceTimeoutMs } = request
  return {
    ...member,
    instanceId: request.instanceId ?? member.instanceId,
    rackId: request.rackId ?? member.rackId,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : rebalanceTimeoutMs,
    serverAssignor: request.serverAssignor ?? member.serverAssignor,
    subscribedTopicNames: subscribedTopicNames ? [...new Set(subscribedTopicNames)] : member.subscribedTopicNames,
    subscribedTopicRegex: request.subscribedTopicRegex ?? member.subscribedTopicRegex,
    clientId: client.clientId,
    clientHost: client.clientHost,
  }
}

function subscriptionChange(before: Member, after: Member): boolean {
  const regex = after.subscribedTopicRegex
  const regexChanged = regex !== before.subscribedTopicRegex
  if (regexChanged && regex !== null && regex !== '') checkRegex(regex)
  const names = new Set(before.subscribedTopicNames)
  const sameNames =
    names.size === after.subscribedTopicNames.length && after.subscribedTopicNames.every((n) => names.has(n))
  return regexChanged || !sameNames
}

/** Members as they will be after this request. */
function membersWith(group: ConsumerGroup, updated: Member): Member[] {
  const replaced = (m: Member): boolean => updated.instanceId !== null && m.instanceId === updated.instanceId
  const others = [...group.members.values()].filter((m) => m.memberId !== updated.memberId && !replaced(m))
  const isKnown = group.members.has(updated.memberId)
  // A known member keeps its place in the order, which decides who gets the odd partition.
  return isKnown
    ? [...group.members.values()].flatMap((m) => (m.memberId === updated.memberId ? updated : replaced(m) ? [] : m))
    : [...others, updated]
}

/** The group epoch rises when the subscription or the topics themselves have changed. */
function nextGroupEpoch(
  c: GroupCoordinator,
  group: ConsumerGroup,
  updated: Member,
  changed: boolean,
  records: CoordinatorRecord[],
): number {
  if (!changed && group.checkedTopics === c.topics.topicsVersion) return group.epoch
  const hash = metadataHash(c.topics, subscribedTopics(c.topics, membersWith(group, updated)))
  group.checkedTopics = c.topics.topicsVersion
  if (!changed && hash === group.metadataHash) return group.epoch
  const epoch = group.epoch + 1
  records.push({ kind: 'group', key: { groupId: group.id }, value: { epoch, metadataHash: hash } })
  return epoch
}

/** The target of the member: a new one when the group epoch is ahead and group.consumer.assignment.interval.ms has passed. */
function nextTarget(
  c: GroupCoordinator,
  group: ConsumerGroup,
  updated: Member,
  groupEpoch: number,
  records: CoordinatorRecord[],
): { epoch: number; partitions: PartitionSets } {
  const intervalMs = c.config('group.consumer.assignment.interval.ms')
  const { assignmentTimestampMs: since } = group
  const mayCompute = since === 0 || intervalMs === 0 || c.now() >= since + intervalMs
  if (group.assignmentEpoch >= groupEpoch || !mayCompute) {
    return { epoch: group.assignmentEpoch, partitions: targetOf(group, updated) }
  }
  const members = membersWith(group, updated)
  const targets = computeTargets(c.topics, members, (m) => targetOf(group, m))
  for (const { memberId } of members) {
    const target = targets.get(memberId) ?? new Map()
    const known = group.targets.get(memberId)
    const changed = JSON.stringify(listOf(target)) !== JSON.stringify(known && listOf(known))
    if (changed) records.push(targetRecord(group.id, memberId, target))
  }
  const value = { assignmentEpoch: groupEpoch, assignmentTimestamp: BigInt(c.now()) }
  records.push({ kind: 'assignmentEpoch', key: { groupId: group.id }, value })
  return { epoch: groupEpoch, partitions: targets.get(updated.memberId) ?? new Map() }
}

/** A member's present target; a static member that has come back under another id inherits that of its last one. */
function targetOf(group: ConsumerGroup, member: Member): PartitionSets {
  const own = group.targets.get(member.memberId)
  if (own || member.instanceId === null) return own ?? new Map()
  const before = group.staticMember(member.instanceId)
  return (before && group.targets.get(before.memberId)) ?? new Map()
}
