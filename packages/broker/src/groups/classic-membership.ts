import type { HeartbeatRequest } from '../generated/heartbeat-request.js'
import { type MemberIdentity, type LeaveGroupRequest } from '../generated/leave-group-request.js'
import { type LeaveGroupResponse, leaveGroupResponse, memberResponse } from '../generated/leave-group-response.js'
import type { SyncGroupRequest } from '../generated/sync-group-request.js'
import { type SyncGroupResponse, syncGroupResponse } from '../generated/sync-group-response.js'
import { ErrorCode } from '../protocol/error-codes.js'
import type { ClassicGroup } from './classic-group.js'
import { memberError } from './classic-join.js'
import {
  assign,
  forgetClassicMember,
  maybeCompleteJoinPhase,
  prepareRebalance,
  removeMember,
  syncReceived,
  watchClassicMember,
} from './classic-rebalance.js'
import type { GroupCoordinator } from './coordinator.js'

/** SyncGroup (Kafka: classicGroupSync): the leader brings the assignments, the others wait for theirs. */
export function classicSync(c: GroupCoordinator, request: SyncGroupRequest): Promise<SyncGroupResponse> {
  return new Promise((respond) => {
    const code = syncError(c, request)
    const group = c.group(request.groupId)
    const member = group?.kind === 'classic' ? group.members.get(request.memberId) : undefined
    if (code !== 0 || group?.kind !== 'classic' || !member) return respond(syncGroupResponse({ errorCode: code }))
    const { protocolType, protocolName } = group
    if (group.state === 'Stable') {
      syncReceived(c, group, member.memberId)
      return respond(syncGroupResponse({ protocolType, protocolName, assignment: member.assignment }))
    }
    // A second SyncGroup of the same member takes the place of the first, which nobody waits for any more.
    member.sync?.(syncGroupResponse({ errorCode: ErrorCode.UNKNOWN_MEMBER_ID }))
    member.sync = respond
    syncReceived(c, group, member.memberId)
    if (group.leaderId !== member.memberId) return
    assign(c, group, new Map(request.assignments.map((a) => [a.memberId, Buffer.from(a.assignment)])))
  })
}

function syncError(c: GroupCoordinator, request: SyncGroupRequest): number {
  if (request.groupId.trim() === '') return ErrorCode.INVALID_GROUP_ID
  const group = c.group(request.groupId)
  // No member of a KIP-848 group of this broker has joined with the classic protocol.
  if (group?.kind !== 'classic' || group.isEmpty) return ErrorCode.UNKNOWN_MEMBER_ID
  const code = memberError(group, request.memberId, request.groupInstanceId)
  if (code !== 0) return code
  if (request.generationId !== group.generationId) return ErrorCode.ILLEGAL_GENERATION
  const differs = (asked: string | null, own: string | null): boolean => asked !== null && own !== null && asked !== own
  if (differs(request.protocolType, group.protocolType) || differs(request.protocolName, group.protocolName)) {
    return ErrorCode.INCONSISTENT_GROUP_PROTOCOL
  }
  return group.state === 'PreparingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : 0
}

/** Heartbeat (Kafka: classicGroupHeartbeat): the error code. */
export function classicHeartbeat(c: GroupCoordinator, request: HeartbeatRequest): number {
  if (request.groupId.trim() === '') return ErrorCode.INVALID_GROUP_ID
  const group = c.group(request.groupId)
  if (group?.kind !== 'classic') return ErrorCode.UNKNOWN_MEMBER_ID
  const code = memberError(group, request.memberId, request.groupInstanceId)
  if (code !== 0) return code
  if (request.generationId !== group.generationId) return ErrorCode.ILLEGAL_GENERATION
  const member = group.members.get(request.memberId)
  if (!member || group.isEmpty) return ErrorCode.UNKNOWN_MEMBER_ID
  watchClassicMember(c, group, member)
  return group.state === 'PreparingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : 0
}

/** LeaveGroup (Kafka: classicGroupLeave): each member by its id, a static one by its instance id. */
export function classicLeave(c: GroupCoordinator, request: LeaveGroupRequest): LeaveGroupResponse {
  if (request.groupId.trim() === '') return leaveGroupResponse({ errorCode: ErrorCode.INVALID_GROUP_ID })
  const group = c.group(request.groupId)
  const leaveOne = ({ memberId, groupInstanceId }: MemberIdentity): ReturnType<typeof memberResponse> => {
    const errorCode =
      group?.kind === 'classic' ? leaveMember(c, group, memberId, groupInstanceId) : ErrorCode.UNKNOWN_MEMBER_ID
    return memberResponse({ memberId, groupInstanceId, errorCode })
  }
  const members = request.members.map(leaveOne)
  if (group?.kind === 'classic' && members.some((m) => m.errorCode === 0)) {
    if (group.state === 'Stable' || group.state === 'CompletingRebalance') prepareRebalance(c, group)
    else maybeCompleteJoinPhase(c, group)
  }
  return leaveGroupResponse({ members })
}

function leaveMember(c: GroupCoordinator, group: ClassicGroup, memberId: string, instanceId: string | null): number {
  if (memberId !== '' && group.pendingJoin.has(memberId)) {
    forgetClassicMember(c, group, memberId)
    return 0
  }
  // An administrator removes a static member without knowing its id.
  const known = memberId === '' && instanceId !== null ? group.staticMember(instanceId) : group.members.get(memberId)
  const code = memberId === '' ? 0 : memberError(group, memberId, instanceId)
  if (code !== 0 || !known) return code || ErrorCode.UNKNOWN_MEMBER_ID
  removeMember(c, group, known)
  return 0
}
