import type { JoinGroupRequest } from '../generated/join-group-request.js'
import type { JoinGroupResponse } from '../generated/join-group-response.js'
import { ErrorCode } from '../protocol/error-codes.js'
import { newUuid } from '../protocol/uuid.js'
import { ClassicGroup, type ClassicMember, type ClassicProtocol } from './classic-group.js'
import {
  assign,
  completeJoin,
  completeSync,
  joinRefused,
  joined,
  maybeCompleteJoinPhase,
  prepareRebalance,
  rebalance,
  watchClassicMember,
  watchPendingMember,
} from './classic-rebalance.js'
import { groupRemovalRecords } from './consumer-group.js'
import type { GroupClient } from './consumer-heartbeat.js'
import type { GroupCoordinator } from './coordinator.js'

/** From this version on a dynamic member must come back with the id it was given (KIP-394). */
const MEMBER_ID_REQUIRED_VERSION = 4
/** From this version on a static leader that came back is told that the assignment stands (KIP-814). */
const SKIP_ASSIGNMENT_VERSION = 9
/** How long a new member's JoinGroup may wait for the others (GroupCoordinatorConfig). */
const NEW_MEMBER_JOIN_MS = 5 * 60 * 1000

/** One JoinGroup on its way: what was asked, by whom, and where the answer goes. */
interface Join {
  readonly c: GroupCoordinator
  readonly request: JoinGroupRequest
  readonly client: GroupClient
  readonly protocols: readonly ClassicProtocol[]
  respond(response: JoinGroupResponse): void
}

/** JoinGroup (Kafka: GroupMetadataManager.classicGroupJoin). The answer may wait until every member has joined. */
export function classicJoin(
  c: GroupCoordinator,
  request: JoinGroupRequest,
  client: GroupClient,
): Promise<JoinGroupResponse> {
  return new Promise((respond, reject) => {
    // The frame the bytes lie in is longer than they are, and they stay.
    const protocols = request.protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) }))
    try {
      join({ c, request, client, protocols, respond })
    } catch (error) {
      reject(error instanceof Error ? error : new Error(String(error)))
    }
  })
}

function join(it: Join): void {
  const { c, request, respond } = it
  const { groupId, memberId, sessionTimeoutMs } = request
  if (groupId.trim() === '') return respond(joinRefused(ErrorCode.INVALID_GROUP_ID, memberId))
  const isTooShort = sessionTimeoutMs < c.config('group.min.session.timeout.ms')
  if (isTooShort || sessionTimeoutMs > c.config('group.max.session.timeout.ms')) {
    return respond(joinRefused(ErrorCode.INVALID_SESSION_TIMEOUT, memberId))
  }
  const known = c.group(groupId)
  if (known?.kind === 'consumer') {
    // As Kafka with group.consumer.migration.policy=disabled: one group, one protocol, until it is empty.
    if (!known.isEmpty) return respond(joinRefused(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, ''))
    c.write(groupRemovalRecords(groupId))
  }
  const existing = c.group(groupId)
  const group = existing?.kind === 'classic' ? existing : new ClassicGroup(groupId)
  if (existing === undefined) {
    if (memberId !== '') return respond(joinRefused(ErrorCode.UNKNOWN_MEMBER_ID, memberId))
    c.write([group.record(new Map())])
    c.keep(group)
  }
  if (!hasRoom(c, group, memberId)) {
    group.remove(memberId)
    return respond(joinRefused(ErrorCode.GROUP_MAX_SIZE_REACHED, ''))
  }
  if (!group.supports(request.protocolType, it.protocols)) {
    return respond(joinRefused(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, memberId))
  }
  return memberId === '' ? joinNew(it, group) : joinKnown(it, group)
}

function hasRoom(c: GroupCoordinator, group: ClassicGroup, memberId: string): boolean {
  const max = c.config('group.max.size')
  if (group.isEmpty) return true
  const member = group.members.get(memberId)
  if (group.state !== 'PreparingRebalance') return member !== undefined || group.members.size < max
  return member?.join !== undefined || [...group.members.values()].filter((m) => m.join).length < max
}

function joinNew(it: Join, group: ClassicGroup): void {
  const { c, request, client, respond } = it
  const { groupInstanceId } = request
  const memberId = `${groupInstanceId ?? client.clientId}-${newUuid(c.random)}`
  if (groupInstanceId === null && client.version >= MEMBER_ID_REQUIRED_VERSION) {
    group.pendingJoin.add(memberId)
    watchPendingMember(c, group.id, memberId, request.sessionTimeoutMs)
    return respond(joinRefused(ErrorCode.MEMBER_ID_REQUIRED, memberId))
  }
  const before = groupInstanceId === null ? undefined : group.staticMember(groupInstanceId)
  if (before) return replaceStatic(it, group, before, memberId)
  return addMember(it, group, memberId)
}

function addMember({ c, request, client, protocols, respond }: Join, group: ClassicGroup, memberId: string): void {
  const member: ClassicMember = {
    memberId,
    instanceId: request.groupInstanceId,
    clientId: client.clientId,
    clientHost: client.clientHost,
    rebalanceTimeoutMs: rebalanceTimeoutOf(request),
    sessionTimeoutMs: request.sessionTimeoutMs,
    protocols,
    assignment: Buffer.alloc(0),
    isNew: true,
    join: respond,
    sync: undefined,
  }
  if (group.state === 'PreparingRebalance' && group.isInitialRebalance) group.newMemberAdded = true
  group.add(member, request.protocolType)
  watchClassicMember(c, group, member, NEW_MEMBER_JOIN_MS)
  rebalance(c, group)
}

function joinKnown(it: Join, group: ClassicGroup): void {
  const { c, request, respond, protocols } = it
  const { memberId, groupInstanceId } = request
  if (group.pendingJoin.has(memberId)) return addMember(it, group, memberId)
  const code = memberError(group, memberId, groupInstanceId)
  const member = group.members.get(memberId)
  if (code !== 0 || !member) return respond(joinRefused(code, memberId))
  const isSame = sameProtocols(member.protocols, protocols)
  const isLeader = group.leaderId === memberId
  switch (group.state) {
    case 'PreparingRebalance':
      return updateMember(it, group, member)
    case 'CompletingRebalance':
      // It may not have got the first answer; nothing has changed since.
      return isSame ? respond(joined(group, memberId)) : updateMember(it, group, member)
    case 'Stable':
      // A leader that joins again wants a new assignment although nobody's subscription changed (new partitions).
      if (isLeader || !isSame) return updateMember(it, group, member)
      return respond({ ...joined(group, memberId), members: [] })
    case 'Empty':
      c.log(`group ${group.id}: member ${memberId} joined while the group was empty`)
      return respond(joinRefused(ErrorCode.UNKNOWN_MEMBER_ID, memberId))
  }
}

function updateMember({ c, request, protocols, respond }: Join, group: ClassicGroup, member: ClassicMember): void {
  renew(member, request, protocols, respond)
  rebalance(c, group)
}

function renew(
  member: ClassicMember,
  request: JoinGroupRequest,
  protocols: readonly ClassicProtocol[],
  respond: (response: JoinGroupResponse) => void,
): void {
  // A second JoinGroup of the same member (its first connection was cut) takes the place of the first.
  completeJoin(member, joinRefused(ErrorCode.UNKNOWN_MEMBER_ID, member.memberId))
  member.protocols = protocols
  member.rebalanceTimeoutMs = rebalanceTimeoutOf(request)
  member.sessionTimeoutMs = request.sessionTimeoutMs
  member.join = respond
}

/** A static member is back under another id: it takes over the place, the assignment and, if it was, the lead. */
function replaceStatic(it: Join, group: ClassicGroup, before: ClassicMember, memberId: string): void {
  const { c, request, client, protocols, respond } = it
  const currentLeader = group.leaderId
  completeJoin(before, joinRefused(ErrorCode.FENCED_INSTANCE_ID, before.memberId))
  completeSync(group, before, ErrorCode.FENCED_INSTANCE_ID)
  const member: ClassicMember = { ...before, memberId, isNew: false, join: undefined, sync: undefined }
  group.members.delete(before.memberId)
  group.members.set(memberId, member)
  group.pendingSync.delete(before.memberId)
  if (group.leaderId === before.memberId) group.leaderId = memberId
  watchClassicMember(c, group, member)
  renew(member, request, protocols, respond)
  if (group.state === 'CompletingRebalance') return prepareRebalance(c, group)
  if (group.state !== 'Stable') return maybeCompleteJoinPhase(c, group)
  if (group.selectProtocol() !== group.protocolName) return rebalance(c, group)
  const assignments = new Map([...group.members.values()].map((m) => [m.memberId, m.assignment]))
  assign(c, group, assignments)
  const knowsSkip = client.version >= SKIP_ASSIGNMENT_VERSION
  const isLeader = group.leaderId === memberId
  const answer = joined(group, memberId, knowsSkip && isLeader)
  // An old client that hears it leads would compute a new assignment; it is told the id of the leader before instead.
  completeJoin(member, knowsSkip ? answer : { ...answer, leader: currentLeader ?? '', members: [] })
}

/** ClassicGroup.validateMember */
export function memberError(group: ClassicGroup, memberId: string, instanceId: string | null): number {
  if (instanceId !== null) {
    const known = group.staticMember(instanceId)
    if (!known) return ErrorCode.UNKNOWN_MEMBER_ID
    if (known.memberId !== memberId) return ErrorCode.FENCED_INSTANCE_ID
  }
  return group.members.has(memberId) ? 0 : ErrorCode.UNKNOWN_MEMBER_ID
}

/** Version 0 has one timeout for both. */
function rebalanceTimeoutOf({ rebalanceTimeoutMs, sessionTimeoutMs }: JoinGroupRequest): number {
  return rebalanceTimeoutMs < 0 ? sessionTimeoutMs : rebalanceTimeoutMs
}

function sameProtocols(a: readonly ClassicProtocol[], b: readonly ClassicProtocol[]): boolean {
  return a.length === b.length && a.every((p, i) => p.name === b[i]?.name && p.metadata.equals(b[i].metadata))
}
