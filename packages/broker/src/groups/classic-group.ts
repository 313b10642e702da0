import type { GroupMetadataValue } from '../generated/group-metadata-value.js'
import type { JoinGroupResponse } from '../generated/join-group-response.js'
import type { SyncGroupResponse } from '../generated/sync-group-response.js'
import type { CoordinatorRecord } from './coordinator-record.js'

/** What DescribeGroups calls the group's state. */
export type ClassicGroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable'

/** An assignor name (or whatever the protocol type uses) with the member's bytes for it. */
export interface ClassicProtocol {
  readonly name: string
  readonly metadata: Buffer
}

/** A member of a classic group. */
export interface ClassicMember {
  memberId: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  rebalanceTimeoutMs: number
  sessionTimeoutMs: number
  protocols: readonly ClassicProtocol[]
  assignment: Buffer
  /** True until its first join phase is over: it cannot send heartbeats before it knows its id. */
  isNew: boolean
  /** Set while a JoinGroup of the member waits for the others. */
  join: ((response: JoinGroupResponse) => void) | undefined
  /** Set while a SyncGroup of the member waits for the leader. */
  sync: ((response: SyncGroupResponse) => void) | undefined
}

const NO_BYTES = Buffer.alloc(0)

/**
 * A group of the classic protocol (and the home of offsets that no group protocol guards: a *simple* group).
 *
 * Empty -> PreparingRebalance (members join) -> CompletingRebalance (the leader computes) -> Stable -> PreparingRebalance …;
 * -> Empty when a rebalance ends with nobody. Only what the leader decided is written down; a rebalance under way is not.
 */
export class ClassicGroup {
  readonly kind = 'classic'
  readonly id: string
  readonly members: Map<string, ClassicMember> = new Map()
  /** Ids handed out to members that have not joined with them yet. */
  readonly pendingJoin: Set<string> = new Set()
  /** Members that have not asked for their assignment in this generation. */
  readonly pendingSync: Set<string> = new Set()
  state: ClassicGroupState = 'Empty'
  /** True while the rebalance under way is the first since the group was empty. */
  isInitialRebalance = false
  newMemberAdded = false
  generationId = 0
  /** null: a simple group, which holds offsets and has never had members. */
  protocolType: string | null = null
  protocolName: string | null = null
  leaderId: string | null = null
  /** When the present state began, as the expiry of offsets counts; -1 in a simple group. */
  stateSinceMs = -1
  /** Topics all members' subscriptions name; null when they could not be read. */
  subscribedTopics: ReadonlySet<string> | null = null

  constructor(id: string) {
    this.id = id
  }

  get isEmpty(): boolean {
    return this.state === 'Empty'
  }

  get isSimple(): boolean {
    return this.protocolType === null && this.isEmpty && this.pendingJoin.size === 0
  }

  get rebalanceTimeoutMs(): number {
    return Math.max(0, ...[...this.members.values()].map((m) => m.rebalanceTimeoutMs))
  }

  get hasAllJoined(): boolean {
    return this.pendingJoin.size === 0 && [...this.members.values()].every((m) => m.join !== undefined)
  }

  staticMember(instanceId: string): ClassicMember | undefined {
    return [...this.members.values()].find((m) => m.instanceId === instanceId)
  }

  /** Whether somebody who speaks these protocols fits in (ClassicGroup.supportsProtocols). */
  supports(protocolType: string, protocols: readonly { name: string }[]): boolean {
    if (this.isEmpty) return protocolType !== '' && protocols.length > 0
    const all = [...this.members.values()]
    return (
      this.protocolType === protocolType &&
      protocols.some(({ name }) => all.every((m) => m.protocols.some((p) => p.name === name)))
    )
  }

  /** The protocol that all members know and most of them prefer. */
  selectProtocol(): string | null {
    const all = [...this.members.values()]
    const votes = new Map<string, number>()
    for (const m of all) {
      const vote = m.protocols.find(({ name }) => all.every((o) => o.protocols.some((p) => p.name === name)))
      if (vote) votes.set(vote.name, (votes.get(vote.name) ?? 0) + 1)
    }
    return [...votes].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null
  }

  add(member: ClassicMember, protocolType: string): void {
    if (this.members.size === 0) this.protocolType = protocolType
    this.leaderId ??= member.memberId
    this.members.set(member.memberId, member)
    this.pendingJoin.delete(member.memberId)
  }

  remove(memberId: string): void {
    this.members.delete(memberId)
    if (this.leaderId === memberId) this.leaderId = this.members.keys().next().value ?? null
    this.pendingJoin.delete(memberId)
    this.pendingSync.delete(memberId)
  }

  /** The record of the group with the given assignments. */
  record(assignments: ReadonlyMap<string, Buffer>): CoordinatorRecord {
    const members = [...this.members.values()].map((m) => ({
      memberId: m.memberId,
      groupInstanceId: m.instanceId,
      clientId: m.clientId,
      clientHost: m.clientHost,
      rebalanceTimeout: m.rebalanceTimeoutMs,
      sessionTimeout: m.sessionTimeoutMs,
      subscription: metadataOf(m, this.protocolName),
      assignment: assignments.get(m.memberId) ?? NO_BYTES,
    }))
    const value = {
      protocolType: this.protocolType ?? '',
      generation: this.generationId,
      protocol: this.protocolName,
      leader: this.leaderId,
      currentStateTimestamp: BigInt(this.stateSinceMs),
      members,
    }
    return { kind: 'classicGroup', key: { group: this.id }, value }
  }

  /** The group as a record left it: stable with its members, or empty. */
  static fromRecord(id: string, value: GroupMetadataValue): ClassicGroup {
    const group = new ClassicGroup(id)
    group.generationId = value.generation
    group.protocolType = value.protocolType === '' ? null : value.protocolType
    group.protocolName = value.protocol
    group.leaderId = value.leader
    group.stateSinceMs = Number(value.currentStateTimestamp)
    group.state = value.members.length === 0 ? 'Empty' : 'Stable'
    for (const m of value.members) {
      group.members.set(m.memberId, {
        memberId: m.memberId,
        instanceId: m.groupInstanceId,
        clientId: m.clientId,
        clientHost: m.clientHost,
        rebalanceTimeoutMs: m.rebalanceTimeout,
        sessionTimeoutMs: m.sessionTimeout,
        protocols: [{ name: value.protocol ?? '', metadata: Buffer.from(m.subscription) }],
        assignment: Buffer.from(m.assignment),
        isNew: false,
        join: undefined,
        sync: undefined,
      })
    }
    group.subscribedTopics = topicsOf(group)
    return group
  }
}

/** The member's bytes for a protocol. */
export function metadataOf(member: ClassicMember, protocolName: string | null): Buffer {
  return member.protocols.find((p) => p.name === protocolName)?.metadata ?? NO_BYTES
}

/** What the members of a consumer group subscribe to; null when it is none or a subscription cannot be read. */
export function topicsOf(group: ClassicGroup): ReadonlySet<string> | null {
  if (group.protocolType !== 'consumer') return null
  if (group.members.size === 0) return new Set()
  if (group.protocolName === null) return null
  try {
    return new Set([...group.members.values()].flatMap((m) => subscription(metadataOf(m, group.protocolName))))
  } catch {
    return null
  }
}

/** ConsumerProtocolSubscription: a version, then the topic names; what follows does not matter here. */
function subscription(bytes: Buffer): string[] {
  const topics: string[] = []
  let at = 6
  for (let left = bytes.readInt32BE(2); left > 0; left--) {
    const end = at + 2 + bytes.readInt16BE(at)
    if (end > bytes.length) throw new RangeError('the subscription ends early')
    topics.push(bytes.toString('utf8', at + 2, end))
    at = end
  }
  return topics
}
