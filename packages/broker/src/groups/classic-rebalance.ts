import { type JoinGroupResponse, joinGroupResponse, joinGroupResponseMember } from '../generated/join-group-response.js'
import { syncGroupResponse } from '../generated/sync-group-response.js'
import { ApiError, ErrorCode } from '../protocol/error-codes.js'
import { type ClassicGroup, type ClassicMember, metadataOf, topicsOf } from './classic-group.js'
import type { GroupCoordinator } from './coordinator.js'

const NO_BYTES = Buffer.alloc(0)

/** Answers the member's waiting JoinGroup, if there is one. */
export function completeJoin(member: ClassicMember, response: JoinGroupResponse): void {
  const { join } = member
  member.join = undefined
  join?.(response)
}

/** Answers the member's waiting SyncGroup, if there is one, and says whether there was. */
export function completeSync(group: ClassicGroup, member: ClassicMember, errorCode: number): boolean {
  const { sync } = member
  if (!sync) return false
  member.sync = undefined
  const ok = errorCode === 0
  sync(
    syncGroupResponse({
      errorCode,
      protocolType: ok ? group.protocolType : null,
      protocolName: ok ? group.protocolName : null,
      assignment: member.assignment,
    }),
  )
  return true
}

/** What a member is told when the join phase is over; the leader alone gets the list of members. */
export function joined(group: ClassicGroup, memberId: string, skipAssignment = false): JoinGroupResponse {
  const list = group.leaderId === memberId ? [...group.members.values()] : []
  return joinGroupResponse({
    generationId: group.generationId,
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    leader: group.leaderId ?? '',
    skipAssignment,
    memberId,
    members: list.map((m) =>
      joinGroupResponseMember({
        memberId: m.memberId,
        groupInstanceId: m.instanceId,
        metadata: metadataOf(m, group.protocolName),
      }),
    ),
  })
}

/** A JoinGroup that failed. */
export function joinRefused(errorCode: number, memberId: string): JoinGroupResponse {
  return joinGroupResponse({ errorCode, memberId, protocolName: null, protocolType: null })
}

/** Moves the group to another state; offsets of an empty group age from that moment on. */
export function transition(c: GroupCoordinator, group: ClassicGroup, state: ClassicGroup['state']): void {
  group.isInitialRebalance = state === 'PreparingRebalance' && group.state === 'Empty'
  group.state = state
  group.stateSinceMs = c.now()
}

/** A member that is not heard for its own session timeout (or `ms`) is removed. */
export function watchClassicMember(c: GroupCoordinator, group: ClassicGroup, member: ClassicMember, ms?: number): void {
  c.schedule(heartbeatKey(group.id, member.memberId), ms ?? member.sessionTimeoutMs, () =>
    expireMember(c, group.id, member.memberId),
  )
}

/** An id that was handed out and never joined with is forgotten. */
export function watchPendingMember(
  c: GroupCoordinator,
  groupId: string,
  memberId: string,
  sessionTimeoutMs: number,
): void {
  c.schedule(heartbeatKey(groupId, memberId), sessionTimeoutMs, () => expireMember(c, groupId, memberId))
}

export function forgetClassicMember(c: GroupCoordinator, group: ClassicGroup, memberId: string): void {
  group.remove(memberId)
  c.cancel(heartbeatKey(group.id, memberId))
}

/** Starts the session timers of all members after the log was read. */
export function watchClassicMembers(c: GroupCoordinator): void {
  for (const group of c.state.groups.values())
    if (group.kind === 'classic') for (const member of group.members.values()) watchClassicMember(c, group, member)
}

/** Ends every waiting request: the coordinator goes away. */
export function abortRebalances(c: GroupCoordinator): void {
  for (const group of c.state.groups.values()) {
    if (group.kind !== 'classic') continue
    for (const member of group.members.values()) {
      completeJoin(member, joinRefused(ErrorCode.NOT_COORDINATOR, ''))
      completeSync(group, member, ErrorCode.NOT_COORDINATOR)
    }
  }
}

function expireMember(c: GroupCoordinator, groupId: string, memberId: string): void {
  const group = c.group(groupId)
  if (group?.kind !== 'classic') return
  if (group.pendingJoin.delete(memberId)) {
    if (group.state === 'PreparingRebalance' && group.hasAllJoined) completeJoinPhase(c, group)
    return
  }
  const member = group.members.get(memberId)
  // A member whose request waits here is alive, unless it is new and may have given up (hasSatisfiedHeartbeat).
  if (!member || (!member.isNew && (member.join ?? member.sync))) return
  c.log(`group ${groupId}: member ${memberId} is removed, its session is over`)
  removeMember(c, group, member)
  if (group.state === 'Stable' || group.state === 'CompletingRebalance') prepareRebalance(c, group)
  else if (group.state === 'PreparingRebalance' && group.hasAllJoined) completeJoinPhase(c, group)
}

/** Takes a member out; one that waits for the join phase is told to start anew. */
export function removeMember(c: GroupCoordinator, group: ClassicGroup, member: ClassicMember): void {
  completeJoin(member, joinRefused(ErrorCode.UNKNOWN_MEMBER_ID, ''))
  forgetClassicMember(c, group, member.memberId)
}

/** Starts a rebalance, or goes on with the one under way. */
export function rebalance(c: GroupCoordinator, group: ClassicGroup): void {
  if (group.state === 'PreparingRebalance') maybeCompleteJoinPhase(c, group)
  else prepareRebalance(c, group)
}

/** Ends the join phase when everyone is there. The first one of an empty group ends by its own timer only. */
export function maybeCompleteJoinPhase(c: GroupCoordinator, group: ClassicGroup): void {
  if (group.state === 'PreparingRebalance' && !group.isInitialRebalance && group.hasAllJoined)
    completeJoinPhase(c, group)
}

/** Every member must join again, within the longest rebalance timeout among them (GroupMetadataManager.prepareRebalance). */
export function prepareRebalance(c: GroupCoordinator, group: ClassicGroup): void {
  if (group.state === 'CompletingRebalance') propagate(c, group, new Map(), ErrorCode.REBALANCE_IN_PROGRESS)
  group.pendingSync.clear()
  c.cancel(syncKey(group.id))
  const wasEmpty = group.isEmpty
  transition(c, group, 'PreparingRebalance')
  if (wasEmpty) {
    const delayMs = c.config('group.initial.rebalance.delay.ms')
    const remainingMs = Math.max(group.rebalanceTimeoutMs - delayMs, 0)
    c.schedule(joinKey(group.id), delayMs, () => endInitialDelay(c, group.id, delayMs, remainingMs))
  } else if (group.hasAllJoined) completeJoinPhase(c, group)
  else c.schedule(joinKey(group.id), group.rebalanceTimeoutMs, () => completeJoinPhaseOf(c, group.id))
}

function endInitialDelay(c: GroupCoordinator, groupId: string, delayMs: number, remainingMs: number): void {
  const group = c.group(groupId)
  if (group?.kind !== 'classic') return
  if (!group.newMemberAdded || remainingMs === 0) return completeJoinPhase(c, group)
  group.newMemberAdded = false
  const nextMs = Math.min(c.config('group.initial.rebalance.delay.ms'), remainingMs)
  const leftMs = Math.max(remainingMs - delayMs, 0)
  c.schedule(joinKey(groupId), nextMs, () => endInitialDelay(c, groupId, nextMs, leftMs))
}

function completeJoinPhaseOf(c: GroupCoordinator, groupId: string): void {
  const group = c.group(groupId)
  if (group?.kind === 'classic') completeJoinPhase(c, group)
}

/** GroupMetadataManager.completeClassicGroupJoin: whoever has not joined is out, the others get the new generation. */
function completeJoinPhase(c: GroupCoordinator, group: ClassicGroup): void {
  c.cancel(joinKey(group.id))
  for (const member of [...group.members.values()])
    if (!member.join && member.instanceId === null) forgetClassicMember(c, group, member.memberId)
  if (group.members.size > 0 && !electLeader(group)) {
    c.schedule(joinKey(group.id), group.rebalanceTimeoutMs, () => completeJoinPhaseOf(c, group.id))
    return
  }
  group.generationId++
  group.pendingSync.clear()
  if (group.members.size === 0) {
    group.protocolName = null
    transition(c, group, 'Empty')
    group.subscribedTopics = topicsOf(group)
    writeEmptied(c, group)
    return
  }
  group.protocolName = group.selectProtocol()
  group.subscribedTopics = topicsOf(group)
  transition(c, group, 'CompletingRebalance')
  for (const member of group.members.values()) {
    completeJoin(member, joined(group, member.memberId))
    watchClassicMember(c, group, member)
    member.isNew = false
    group.pendingSync.add(member.memberId)
  }
  const { generationId } = group
  c.schedule(syncKey(group.id), group.rebalanceTimeoutMs, () => expireSync(c, group.id, generationId))
}

/** Should this not be written, the generation before counts again after a crash, and its members time out: no harm. */
function writeEmptied(c: GroupCoordinator, group: ClassicGroup): void {
  try {
    c.write([group.record(new Map())])
  } catch (error) {
    c.log(`group ${group.id}: that it is empty could not be written: ${String(error)}`)
  }
}

function electLeader(group: ClassicGroup): boolean {
  const leader = group.leaderId === null ? undefined : group.members.get(group.leaderId)
  if (leader?.join) return true
  const next = [...group.members.values()].find((m) => m.join)
  if (next) group.leaderId = next.memberId
  return next !== undefined
}

/** A member asked for its assignment; the deadline for the others goes with the last of them. */
export function syncReceived(c: GroupCoordinator, group: ClassicGroup, memberId: string): void {
  group.pendingSync.delete(memberId)
  if (group.pendingSync.size === 0) c.cancel(syncKey(group.id))
}

function expireSync(c: GroupCoordinator, groupId: string, generationId: number): void {
  const group = c.group(groupId)
  if (group?.kind !== 'classic' || group.generationId !== generationId || group.pendingSync.size === 0) return
  if (group.state !== 'CompletingRebalance' && group.state !== 'Stable') return
  for (const memberId of [...group.pendingSync]) forgetClassicMember(c, group, memberId)
  prepareRebalance(c, group)
}

/** The leader has spoken: writes the assignments and hands them out, or tells everyone to join again. */
export function assign(c: GroupCoordinator, group: ClassicGroup, assignments: ReadonlyMap<string, Buffer>): void {
  try {
    c.write([group.record(assignments)])
  } catch (error) {
    const code = error instanceof ApiError ? error.code : ErrorCode.UNKNOWN_SERVER_ERROR
    c.log(`group ${group.id}: the assignment could not be written: ${String(error)}`)
    propagate(c, group, new Map(), code)
    rebalance(c, group)
    return
  }
  propagate(c, group, assignments, 0)
  transition(c, group, 'Stable')
}

function propagate(
  c: GroupCoordinator,
  group: ClassicGroup,
  assignments: ReadonlyMap<string, Buffer>,
  errorCode: number,
): void {
  for (const member of group.members.values()) {
    member.assignment = assignments.get(member.memberId) ?? NO_BYTES
    if (completeSync(group, member, errorCode)) watchClassicMember(c, group, member)
  }
}

function heartbeatKey(groupId: string, memberId: string): string {
  return `heartbeat ${groupId} ${memberId}`
}

function joinKey(groupId: string): string {
  return `join ${groupId}`
}

function syncKey(groupId: string): string {
  return `sync ${groupId}`
}
