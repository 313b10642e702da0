import type { ClassicGroup } from './classic-group.js'
import { groupRemovalRecords } from './consumer-group.js'
import type { GroupCoordinator } from './coordinator.js'
import type { CoordinatorRecord } from './coordinator-record.js'
import { type CommittedOffset, type Group, offsetRecord } from './group-state.js'
import { subscribedTopics } from './subscriptions.js'

const MINUTE_MS = 60_000

/** Forgets what offsets.retention.minutes has passed over, and the empty groups that nothing is left of. */
export function expireAll(c: GroupCoordinator): void {
  for (const groupId of [...c.state.groups.keys()]) expireGroup(c, groupId, c.now())
}

/**
 * Expires the offsets of one group as they stand at `nowMs` (Kafka: OffsetMetadataManager.cleanupExpiredOffsets) and says
 * how many went. Offsets of a topic that live members subscribe to never expire; an empty group without offsets goes, too.
 */
export function expireGroup(c: GroupCoordinator, groupId: string, nowMs: number): number {
  const group = c.group(groupId)
  if (!group) return 0
  const retentionMs = c.config('offsets.retention.minutes') * MINUTE_MS
  const since = ageOf(group)
  const isSubscribed = subscriptionOf(c, group)
  const records: CoordinatorRecord[] = []
  let kept = 0
  for (const [topic, partitions] of c.state.offsetsOf(groupId))
    for (const [partition, committed] of partitions) {
      const isOver =
        since !== undefined &&
        (committed.expireTimestampMs >= 0
          ? nowMs >= committed.expireTimestampMs
          : nowMs - since(committed) >= retentionMs)
      if (isOver && !isSubscribed(topic)) records.push(offsetRecord(groupId, topic, partition, null))
      else kept++
    }
  const expired = records.length
  if (kept === 0 && group.isEmpty) records.push(...removal(group))
  c.write(records)
  return expired
}

/** The records that take a group away, its offsets left alone. */
export function removal(group: Group): CoordinatorRecord[] {
  return group.kind === 'consumer'
    ? groupRemovalRecords(group.id)
    : [{ kind: 'classicGroup', key: { group: group.id }, value: null }]
}

/** From when on an offset ages; undefined while nothing of the group may expire. */
function ageOf(group: Group): ((committed: CommittedOffset) => number) | undefined {
  const sinceCommit = (committed: CommittedOffset): number => committed.commitTimestampMs
  if (group.kind === 'consumer' || group.protocolType === null) return sinceCommit
  if (group.isEmpty) return (committed) => (group.stateSinceMs < 0 ? committed.commitTimestampMs : group.stateSinceMs)
  const isReadable = group.protocolType === 'consumer' && group.subscribedTopics !== null
  return isReadable && group.state === 'Stable' ? sinceCommit : undefined
}

/** Whether live members read a topic. */
export function subscriptionOf(c: GroupCoordinator, group: Group): (topic: string) => boolean {
  if (group.kind === 'classic') return (topic) => isSubscribedClassic(group, topic)
  const names = subscribedTopics(c.topics, group.members.values())
  return (topic) => names.has(topic)
}

/** ClassicGroup.isSubscribedToTopic: when in doubt, yes. */
function isSubscribedClassic(group: ClassicGroup, topic: string): boolean {
  return group.subscribedTopics?.has(topic) ?? group.protocolType === 'consumer'
}
