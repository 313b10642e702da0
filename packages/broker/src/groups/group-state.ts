import { ClassicGroup } from './classic-group.js'
import { ConsumerGroup, currentRecord, memberRecord, targetRecord } from './consumer-group.js'
import type { CoordinatorRecord } from './coordinator-record.js'

/** What was committed for one partition. */
export interface CommittedOffset {
  readonly offset: bigint
  readonly leaderEpoch: number
  readonly metadata: string
  readonly commitTimestampMs: number
  /** -1, or when the client wanted it forgotten (OffsetCommit before version 5). */
  readonly expireTimestampMs: number
  /** The zero id when the commit came without one and nobody knew it. */
  readonly topicId: string
}

/** Either kind of group. */
export type Group = ConsumerGroup | ClassicGroup

type PartitionOffsets = Map<number, CommittedOffset>

/** All groups and committed offsets of one coordinator: a pure function of the records applied so far. */
export class GroupState {
  readonly groups: Map<string, Group> = new Map()
  readonly #offsets = new Map<string, Map<string, PartitionOffsets>>()

  offset(group: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.#offsets.get(group)?.get(topic)?.get(partition)
  }

  /** Everything a group has committed, by topic. */
  offsetsOf(group: string): ReadonlyMap<string, ReadonlyMap<number, CommittedOffset>> {
    return this.#offsets.get(group) ?? new Map()
  }

  /** Groups that have committed anything. */
  groupsWithOffsets(): string[] {
    return [...this.#offsets.keys()]
  }

  /** A record's change. Records of one batch are applied together, with nothing in between. */
  apply(record: CoordinatorRecord): void {
    switch (record.kind) {
      case 'offset':
        this.#applyOffset(record)
        break
      case 'classicGroup': {
        const { group } = record.key
        if (record.value !== null) this.groups.set(group, ClassicGroup.fromRecord(group, record.value))
        else if (this.groups.get(group)?.kind === 'classic') this.groups.delete(group)
        break
      }
      default:
        this.#applyToConsumerGroup(record)
    }
  }

  #applyOffset({ key, value }: Extract<CoordinatorRecord, { kind: 'offset' }>): void {
    const topics = this.#offsets.get(key.group) ?? new Map<string, PartitionOffsets>()
    const partitions = topics.get(key.topic) ?? new Map<number, CommittedOffset>()
    if (value === null) {
      partitions.delete(key.partition)
      if (partitions.size === 0) topics.delete(key.topic)
      if (topics.size === 0) this.#offsets.delete(key.group)
      return
    }
    partitions.set(key.partition, {
      offset: value.offset,
      leaderEpoch: value.leaderEpoch,
      metadata: value.metadata,
      commitTimestampMs: Number(value.commitTimestamp),
      expireTimestampMs: Number(value.expireTimestamp),
      topicId: value.topicId,
    })
    topics.set(key.topic, partitions)
    this.#offsets.set(key.group, topics)
    // Offsets without a group belong to a simple group, which no record tells of (OffsetMetadataManager.replay).
    if (!this.groups.has(key.group)) this.groups.set(key.group, new ClassicGroup(key.group))
  }

  #applyToConsumerGroup(record: Exclude<CoordinatorRecord, { kind: 'offset' | 'classicGroup' }>): void {
    const { groupId } = record.key
    const known = this.groups.get(groupId)
    if (known?.kind === 'consumer') {
      if (record.kind === 'group' && record.value === null) this.groups.delete(groupId)
      else known.apply(record)
      return
    }
    if (record.value === null) return
    const group = new ConsumerGroup(groupId)
    this.groups.set(groupId, group)
    group.apply(record)
  }

  /** False while a classic group rebalances: what it was before is in the log only. */
  get canSnapshot(): boolean {
    return [...this.groups.values()].every((g) => g.kind === 'consumer' || g.state === 'Stable' || g.isEmpty)
  }

  /** The records that make this state from nothing. Only while `canSnapshot`. */
  *snapshot(): Iterable<CoordinatorRecord> {
    for (const group of this.groups.values()) {
      if (group.kind === 'classic') {
        const assignments = new Map([...group.members.values()].map((m) => [m.memberId, m.assignment]))
        if (!group.isSimple) yield group.record(assignments)
        continue
      }
      const key = { groupId: group.id }
      yield { kind: 'group', key, value: { epoch: group.epoch, metadataHash: group.metadataHash } }
      for (const member of group.members.values()) yield memberRecord(group.id, member)
      for (const [memberId, target] of group.targets) yield targetRecord(group.id, memberId, target)
      const assignmentTimestamp = BigInt(group.assignmentTimestampMs)
      yield { kind: 'assignmentEpoch', key, value: { assignmentEpoch: group.assignmentEpoch, assignmentTimestamp } }
      for (const member of group.members.values()) yield currentRecord(group.id, member)
    }
    for (const [group, topics] of this.#offsets)
      for (const [topic, partitions] of topics)
        for (const [partition, committed] of partitions) yield offsetRecord(group, topic, partition, committed)
  }
}

/** The record of a commit; without one, of its end. */
export function offsetRecord(
  group: string,
  topic: string,
  partition: number,
  committed: CommittedOffset | null,
): CoordinatorRecord {
  const value = committed && {
    offset: committed.offset,
    leaderEpoch: committed.leaderEpoch,
    metadata: committed.metadata,
    commitTimestamp: BigInt(committed.commitTimestampMs),
    expireTimestamp: BigInt(committed.expireTimestampMs),
    topicId: committed.topicId,
  }
  return { kind: 'offset', key: { group, topic, partition }, value }
}
