import type { CoordinatorRecord } from './coordinator-record.js'
import {
  type PartitionEpochs,
  type PartitionSets,
  type TopicPartitionList,
  listOf,
  sameEpochs,
  setsOf,
} from './partition-sets.js'

/** Where a member stands on its way to its target (Kafka: MemberState). The numbers are those of the records. */
export const MemberState = { stable: 0, unrevokedPartitions: 1, unreleasedPartitions: 2 } as const

/** A member of a KIP-848 group, as the coordinator knows it. Never changed in place: every change is a record. */
export interface Member {
  readonly memberId: string
  readonly memberEpoch: number
  /** Accepted once more from a member that never got the answer with the newer epoch. */
  readonly previousMemberEpoch: number
  readonly state: number
  readonly instanceId: string | null
  readonly rackId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly serverAssignor: string | null
  readonly subscribedTopicNames: readonly string[]
  /** Empty: none. */
  readonly subscribedTopicRegex: string | null
  readonly assigned: PartitionEpochs
  readonly pendingRevocation: PartitionEpochs
}

/** A member that has said nothing yet. */
export function newMember(memberId: string): Member {
  return {
    memberId,
    memberEpoch: 0,
    previousMemberEpoch: -1,
    state: MemberState.stable,
    instanceId: null,
    rackId: null,
    clientId: '',
    clientHost: '',
    rebalanceTimeoutMs: -1,
    serverAssignor: null,
    subscribedTopicNames: [],
    subscribedTopicRegex: '',
    assigned: new Map(),
    pendingRevocation: new Map(),
  }
}

/** What ConsumerGroupDescribe calls the group's state. */
export type ConsumerGroupState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable'

/**
 * A KIP-848 group. Three epochs drive it: the *group epoch* rises whenever the target must be computed anew; the
 * *assignment epoch* is the group epoch of the present target; a *member epoch* is the assignment epoch that the member has
 * been brought to. Only `apply` changes it.
 */
export class ConsumerGroup {
  readonly kind = 'consumer'
  readonly id: string
  readonly members: Map<string, Member> = new Map()
  readonly targets: Map<string, PartitionSets> = new Map()
  /** Of a new group 1, so that its first target is computed even when nobody subscribes to anything (ModernGroup, Kafka 4.3). */
  epoch = 1
  metadataHash = 0n
  assignmentEpoch = 0
  assignmentTimestampMs = 0
  /** The version of the topics that `metadataHash` was last compared with. Not in the log: after a restart it is compared anew. */
  checkedTopics = -1

  constructor(id: string) {
    this.id = id
  }

  get isEmpty(): boolean {
    return this.members.size === 0
  }

  get state(): ConsumerGroupState {
    if (this.members.size === 0) return 'Empty'
    if (this.epoch > this.assignmentEpoch) return 'Assigning'
    return [...this.members.values()].every((m) => isReconciledTo(m, this.assignmentEpoch)) ? 'Stable' : 'Reconciling'
  }

  staticMember(instanceId: string): Member | undefined {
    return [...this.members.values()].find((m) => m.instanceId === instanceId)
  }

  /** The epoch in which a partition was given to the member that still holds it, -1 when nobody does. */
  partitionEpoch(topicId: string, partition: number): number {
    for (const member of this.members.values()) {
      const epoch =
        member.assigned.get(topicId)?.get(partition) ?? member.pendingRevocation.get(topicId)?.get(partition)
      if (epoch !== undefined) return epoch
    }
    return -1
  }

  /** Changes the group as one of its records says. */
  apply(record: Exclude<CoordinatorRecord, { kind: 'offset' | 'classicGroup' }>): void {
    switch (record.kind) {
      case 'group':
        this.epoch = record.value?.epoch ?? 0
        this.metadataHash = record.value?.metadataHash ?? 0n
        break
      case 'assignmentEpoch':
        this.assignmentEpoch = record.value?.assignmentEpoch ?? -1
        this.assignmentTimestampMs = Number(record.value?.assignmentTimestamp ?? 0n)
        break
      case 'target':
        if (record.value === null) this.targets.delete(record.key.memberId)
        else this.targets.set(record.key.memberId, setsOf(record.value.topicPartitions))
        break
      case 'member':
        if (record.value === null) this.members.delete(record.key.memberId)
        else this.#update(record.key.memberId, record.value)
        break
      case 'current':
        if (record.value !== null) {
          const { memberEpoch, previousMemberEpoch, state } = record.value
          this.#update(record.key.memberId, {
            memberEpoch,
            previousMemberEpoch,
            state,
            assigned: epochsOf(record.value.assignedPartitions, memberEpoch),
            pendingRevocation: epochsOf(record.value.partitionsPendingRevocation, memberEpoch),
          })
        }
        break
    }
  }

  #update(memberId: string, change: Partial<Member>): void {
    const { memberId: _, ...rest } = { ...(this.members.get(memberId) ?? newMember(memberId)), ...change }
    this.members.set(memberId, { memberId, ...rest })
  }
}

/** True when a member needs nothing more to be where the target wants it. */
export function isReconciledTo(member: Member, assignmentEpoch: number): boolean {
  return member.state === MemberState.stable && member.memberEpoch === assignmentEpoch
}

/** The record of everything the member has told of itself. */
export function memberRecord(groupId: string, m: Member): CoordinatorRecord {
  const value = {
    instanceId: m.instanceId,
    rackId: m.rackId,
    clientId: m.clientId,
    clientHost: m.clientHost,
    subscribedTopicNames: [...m.subscribedTopicNames].sort(),
    subscribedTopicRegex: m.subscribedTopicRegex,
    rebalanceTimeoutMs: m.rebalanceTimeoutMs,
    serverAssignor: m.serverAssignor,
  }
  return { kind: 'member', key: { groupId, memberId: m.memberId }, value }
}

/** The record of what the member holds and in which epoch. */
export function currentRecord(groupId: string, m: Member): CoordinatorRecord {
  const value = {
    memberEpoch: m.memberEpoch,
    previousMemberEpoch: m.previousMemberEpoch,
    state: m.state,
    assignedPartitions: withEpochs(m.assigned),
    partitionsPendingRevocation: withEpochs(m.pendingRevocation),
  }
  return { kind: 'current', key: { groupId, memberId: m.memberId }, value }
}

/** True when both are in the same place with the same partitions. */
export function sameAssignment(a: Member, b: Member): boolean {
  return (
    a.memberEpoch === b.memberEpoch &&
    a.previousMemberEpoch === b.previousMemberEpoch &&
    a.state === b.state &&
    sameEpochs(a.assigned, b.assigned) &&
    sameEpochs(a.pendingRevocation, b.pendingRevocation)
  )
}

/** The record of what the member shall hold in the end. */
export function targetRecord(groupId: string, memberId: string, target: PartitionSets): CoordinatorRecord {
  return { kind: 'target', key: { groupId, memberId }, value: { topicPartitions: listOf(target) } }
}

/** The records that take a member away. */
export function removalRecords(groupId: string, memberId: string): CoordinatorRecord[] {
  const key = { groupId, memberId }
  return [
    { kind: 'current', key, value: null },
    { kind: 'target', key, value: null },
    { kind: 'member', key, value: null },
  ]
}

/** The records that take an empty group away. */
export function groupRemovalRecords(groupId: string): CoordinatorRecord[] {
  const key = { groupId }
  return [
    { kind: 'assignmentEpoch', key, value: null },
    { kind: 'group', key, value: null },
  ]
}

function epochsOf(
  list: readonly (TopicPartitionList & { assignmentEpochs: number[] | null })[],
  memberEpoch: number,
): PartitionEpochs {
  return new Map(
    list.map(({ topicId, partitions, assignmentEpochs }) => [
      topicId,
      new Map(partitions.map((p, i) => [p, assignmentEpochs?.[i] ?? memberEpoch])),
    ]),
  )
}

function withEpochs(epochs: PartitionEpochs): (TopicPartitionList & { assignmentEpochs: number[] })[] {
  return listOf(epochs).map(({ topicId, partitions }) => ({
    topicId,
    partitions,
    assignmentEpochs: partitions.map((p) => epochs.get(topicId)?.get(p) ?? 0),
  }))
}
