import { type ConsumerGroup, type Member, MemberState, removalRecords } from './consumer-group.js'
import type { GroupCoordinator } from './coordinator.js'
import type { CoordinatorRecord } from './coordinator-record.js'
import { metadataHash, subscribedTopics } from './subscriptions.js'

/** A member that is not heard for group.consumer.session.timeout.ms is fenced. */
export function watchSession(c: GroupCoordinator, groupId: string, memberId: string): void {
  c.schedule(sessionKey(groupId, memberId), c.config('group.consumer.session.timeout.ms'), () =>
    fenceSilently(c, groupId, memberId, () => true),
  )
}

/** A member that does not give up what was taken from it within its own rebalance timeout is fenced. */
export function watchRevocation(c: GroupCoordinator, groupId: string, member: Member): void {
  const key = rebalanceKey(groupId, member.memberId)
  if (member.state !== MemberState.unrevokedPartitions) return c.cancel(key)
  c.schedule(key, member.rebalanceTimeoutMs, () =>
    fenceSilently(c, groupId, member.memberId, (now) => now.memberEpoch === member.memberEpoch),
  )
}

/** Starts the timers of all members after the log was read. */
export function watchConsumerMembers(c: GroupCoordinator): void {
  for (const group of c.state.groups.values()) {
    if (group.kind !== 'consumer') continue
    for (const member of group.members.values()) {
      watchSession(c, group.id, member.memberId)
      watchRevocation(c, group.id, member)
    }
  }
}

/** Takes a member out of its group; the others get its partitions with their next heartbeats. */
export function fence(c: GroupCoordinator, group: ConsumerGroup, memberId: string): void {
  const members = [...group.members.values()].filter((m) => m.memberId !== memberId)
  const value = { epoch: group.epoch + 1, metadataHash: metadataHash(c.topics, subscribedTopics(c.topics, members)) }
  const records: CoordinatorRecord[] = [
    ...removalRecords(group.id, memberId),
    { kind: 'group', key: { groupId: group.id }, value },
  ]
  c.write(records)
  c.cancel(sessionKey(group.id, memberId))
  c.cancel(rebalanceKey(group.id, memberId))
}

function fenceSilently(
  c: GroupCoordinator,
  groupId: string,
  memberId: string,
  still: (member: Member) => boolean,
): void {
  const group = c.group(groupId)
  const member = group?.kind === 'consumer' ? group.members.get(memberId) : undefined
  if (group?.kind !== 'consumer' || !member || !still(member)) return
  c.log(`group ${groupId}: member ${memberId} is fenced, its time is over`)
  fence(c, group, memberId)
}

function sessionKey(groupId: string, memberId: string): string {
  return `session ${groupId} ${memberId}`
}

function rebalanceKey(groupId: string, memberId: string): string {
  return `rebalance ${groupId} ${memberId}`
}
