import { type Member, MemberState } from './consumer-group.js'
import type { PartitionEpochs, PartitionSets, TopicPartitionList } from './partition-sets.js'

/** What a member's next assignment depends on. */
export interface Reconciliation {
  readonly targetEpoch: number
  readonly target: PartitionSets
  /** The subscription has just changed: partitions of topics that left it are taken back at once. */
  readonly subscriptionChanged: boolean
  readonly subscribedTopicIds: ReadonlySet<string>
  /** -1: nobody holds the partition. */
  partitionEpoch(topicId: string, partition: number): number
  /** What the member says it holds; null when it did not say. */
  readonly owned: readonly TopicPartitionList[] | null
}

type Epochs = Map<string, Map<number, number>>

/**
 * The member's next step towards its target (Kafka: CurrentAssignmentBuilder). The rule that matters: a partition goes to
 * its next owner only when the one before has said in a heartbeat that it no longer holds it.
 *
 * stable -> unrevokedPartitions: something is taken away; the member keeps its epoch until its heartbeat no longer names it
 * stable -> unreleasedPartitions: it is in the target's epoch and waits for what others still hold
 * stable -> stable: it holds its target
 */
export function reconcile(member: Member, now: Reconciliation): Member {
  switch (member.state) {
    case MemberState.unrevokedPartitions:
      if (!ownsAny(now.owned, member.pendingRevocation)) return nextAssignment(member, now)
      return now.subscriptionChanged ? withoutUnsubscribed(member, now) : member
    case MemberState.unreleasedPartitions:
      return nextAssignment(member, now)
    default:
      if (member.memberEpoch !== now.targetEpoch) return nextAssignment(member, now)
      return now.subscriptionChanged ? withoutUnsubscribed(member, now) : member
  }
}

/** A member that says nothing of what it owns may own all of it. */
function ownsAny(owned: Reconciliation['owned'], revoked: PartitionEpochs): boolean {
  if (owned === null) return true
  return owned.some(({ topicId, partitions }) => partitions.some((p) => revoked.get(topicId)?.has(p)))
}

function withoutUnsubscribed(member: Member, now: Reconciliation): Member {
  const assigned: Epochs = new Map()
  const pendingRevocation: Epochs = new Map([...member.pendingRevocation].map(([id, p]) => [id, new Map(p)]))
  for (const [topicId, partitions] of member.assigned) {
    if (now.subscribedTopicIds.has(topicId)) assigned.set(topicId, new Map(partitions))
    else pendingRevocation.set(topicId, new Map([...(pendingRevocation.get(topicId) ?? []), ...partitions]))
  }
  if (assigned.size === member.assigned.size) return member
  const moved = { ...member, previousMemberEpoch: member.memberEpoch, assigned }
  if (!ownsAny(now.owned, pendingRevocation)) return moved
  return { ...moved, state: MemberState.unrevokedPartitions, pendingRevocation }
}

function nextAssignment(member: Member, now: Reconciliation): Member {
  const assigned: Epochs = new Map()
  const revoked: Epochs = new Map()
  const given: Epochs = new Map()
  let hasUnreleased = false
  for (const topicId of new Set([...now.target.keys(), ...member.assigned.keys()])) {
    const target = now.subscribedTopicIds.has(topicId) ? (now.target.get(topicId) ?? NONE) : NONE
    const current = member.assigned.get(topicId) ?? new Map<number, number>()
    for (const [p, epoch] of current) add(target.has(p) ? assigned : revoked, topicId, p, epoch)
    for (const p of target) {
      if (current.has(p)) continue
      const isFree = now.partitionEpoch(topicId, p) === -1 || member.pendingRevocation.get(topicId)?.has(p) === true
      if (isFree) add(given, topicId, p, now.targetEpoch)
      else hasUnreleased = true
    }
  }
  const previousMemberEpoch = member.memberEpoch
  if (revoked.size > 0 && ownsAny(now.owned, revoked)) {
    return {
      ...member,
      previousMemberEpoch,
      state: MemberState.unrevokedPartitions,
      assigned,
      pendingRevocation: revoked,
    }
  }
  for (const [topicId, partitions] of given) for (const [p, epoch] of partitions) add(assigned, topicId, p, epoch)
  const state = hasUnreleased ? MemberState.unreleasedPartitions : MemberState.stable
  const memberEpoch = now.targetEpoch
  return { ...member, memberEpoch, previousMemberEpoch, state, assigned, pendingRevocation: new Map() }
}

const NONE: ReadonlySet<number> = new Set()

function add(to: Epochs, topicId: string, partition: number, epoch: number): void {
  const partitions = to.get(topicId)
  if (partitions) partitions.set(partition, epoch)
  else to.set(topicId, new Map([[partition, epoch]]))
}
