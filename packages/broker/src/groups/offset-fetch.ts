import { ApiError, ErrorCode } from '../protocol/error-codes.js'
import { ZERO_UUID } from '../protocol/uuid.js'
import type { GroupCoordinator } from './coordinator.js'
import type { CommittedOffset } from './group-state.js'

/**
 * Whether these offsets may be read by who asks (OffsetMetadataManager.validateOffsetFetch); throws an ApiError when not.
 * False when there is no such group: then nothing is committed, which is no error.
 */
export function mayFetch(c: GroupCoordinator, groupId: string, memberId: string | null, memberEpoch: number): boolean {
  const group = c.group(groupId)
  if (group?.kind !== 'consumer') return group !== undefined
  if (memberId === null && memberEpoch < 0) return true
  const member = group.members.get(memberId ?? '')
  if (!member) {
    throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID, `Member ${memberId} is not a member of group ${groupId}.`)
  }
  if (member.memberEpoch !== memberEpoch) {
    const message = `The received member epoch ${memberEpoch} does not match the expected member epoch ${member.memberEpoch}.`
    throw new ApiError(ErrorCode.STALE_MEMBER_EPOCH, message)
  }
  return true
}

/** The offset committed for a partition of this very topic: one that was deleted and made again has none. */
export function committedOffset(
  c: GroupCoordinator,
  groupId: string,
  topic: string,
  topicId: string,
  partition: number,
): CommittedOffset | undefined {
  const committed = c.state.offset(groupId, topic, partition)
  if (!committed) return undefined
  const known = committed.topicId !== ZERO_UUID && topicId !== ZERO_UUID
  return known && committed.topicId !== topicId ? undefined : committed
}
