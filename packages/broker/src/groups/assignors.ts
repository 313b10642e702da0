import type { PartitionSets } from './partition-sets.js'

/** A member as an assignor sees it. */
export interface AssignorMember {
  readonly memberId: string
  readonly instanceId: string | null
  readonly topicIds: ReadonlySet<string>
  /** Its present target. */
  readonly target: PartitionSets
}

/** Members in the order they are known; every subscribed topic exists. */
export interface AssignorInput {
  readonly members: readonly AssignorMember[]
  partitionCount(topicId: string): number
}

type Targets = Map<string, Map<string, Set<number>>>

/** Computes who shall hold what. The answer has an entry for every member. */
export type Assignor = (input: AssignorInput) => Targets

/** The assignors of the server by the names clients ask for; the first is the default (as in Kafka 4.x). */
export const ASSIGNORS: ReadonlyMap<string, Assignor> = new Map([
  ['uniform', uniform],
  ['range', range],
])

function isHomogeneous(members: readonly AssignorMember[]): boolean {
  const first = members[0]?.topicIds ?? new Set()
  return members.every((m) => m.topicIds.size === first.size && [...m.topicIds].every((id) => first.has(id)))
}

/** Even counts, and whoever has a partition keeps it when the counts allow (Kafka: UniformAssignor). */
function uniform(input: AssignorInput): Targets {
  if (input.members.length === 0) return new Map()
  return isHomogeneous(input.members) ? uniformHomogeneous(input) : uniformHeterogeneous(input)
}

/** Kafka: UniformHomogeneousAssignmentBuilder. */
function uniformHomogeneous({ members, partitionCount }: AssignorInput): Targets {
  const topicIds = members[0]?.topicIds ?? new Set<string>()
  const isTaken = takenIn(members)
  const free: [string, number][] = []
  let total = 0
  for (const topicId of topicIds) {
    const count = partitionCount(topicId)
    for (let p = 0; p < count; p++) if (!isTaken(topicId, p)) free.push([topicId, p])
    total += count
  }
  const quotaMin = Math.floor(total / members.length)
  let extras = total % members.length
  const targets: Targets = new Map()
  const hungry: { target: Map<string, Set<number>>; quota: number }[] = []
  for (const [index, member] of members.entries()) {
    let hasExtra = extras > 0
    let quota = quotaMin + (hasExtra ? 1 : 0)
    const target = new Map<string, Set<number>>()
    targets.set(member.memberId, target)
    for (const [topicId, partitions] of member.target) {
      if (!topicIds.has(topicId)) continue
      for (const p of partitions) {
        if (p >= partitionCount(topicId)) continue
        if (quota > 0) {
          quota--
          give(target, topicId, p)
        } else free.push([topicId, p])
      }
    }
    // The last members must take the extra partitions; the others leave them to whoever has nothing to give up.
    if (quota > 0 && hasExtra && members.length - index > extras) {
      quota--
      hasExtra = false
    }
    if (quota > 0) hungry.push({ target, quota })
    if (hasExtra) extras--
  }
  let next = 0
  for (const { target, quota } of hungry) {
    for (const [topicId, p] of free.slice(next, next + quota)) give(target, topicId, p)
    next += quota
  }
  return targets
}

/**
 * Different subscriptions: everyone keeps what it may keep, free partitions go to the least loaded subscriber (those with
 * the fewest subscribers first), then single partitions move while that makes two members more even. Kafka's
 * UniformHeterogeneousAssignmentBuilder has the same aim and another order, so its result may differ in detail.
 */
function uniformHeterogeneous({ members, partitionCount }: AssignorInput): Targets {
  const targets: Targets = new Map(members.map((m) => [m.memberId, new Map()]))
  const load = new Map(members.map((m) => [m.memberId, 0]))
  const loadOf = (m: AssignorMember): number => load.get(m.memberId) ?? 0
  const put = (m: AssignorMember, topicId: string, p: number): void => {
    give(targets.get(m.memberId) ?? new Map<string, Set<number>>(), topicId, p)
    load.set(m.memberId, loadOf(m) + 1)
  }
  const subscribers = new Map<string, AssignorMember[]>()
  for (const m of members) for (const id of m.topicIds) subscribers.set(id, [...(subscribers.get(id) ?? []), m])
  for (const m of members)
    for (const [topicId, partitions] of m.target)
      for (const p of partitions) if (m.topicIds.has(topicId) && p < partitionCount(topicId)) put(m, topicId, p)
  const isTaken = (topicId: string, p: number): boolean =>
    [...targets.values()].some((target) => target.get(topicId)?.has(p))
  const leastLoaded = (topicId: string): AssignorMember | undefined =>
    [...(subscribers.get(topicId) ?? [])].sort((a, b) => loadOf(a) - loadOf(b))[0]
  const topics = [...subscribers].sort(([, a], [, b]) => a.length - b.length).map(([topicId]) => topicId)
  for (const topicId of topics)
    for (let p = 0; p < partitionCount(topicId); p++) {
      const m = leastLoaded(topicId)
      if (m && !isTaken(topicId, p)) put(m, topicId, p)
    }
  // Each move lowers the sum of squared loads, so this ends.
  for (let moved = true; moved; ) {
    moved = false
    for (const m of members)
      for (const [topicId, partitions] of targets.get(m.memberId) ?? [])
        for (const p of [...partitions]) {
          const other = leastLoaded(topicId)
          if (!other || loadOf(m) - loadOf(other) < 2) continue
          partitions.delete(p)
          load.set(m.memberId, loadOf(m) - 1)
          put(other, topicId, p)
          moved = true
        }
  }
  for (const target of targets.values())
    for (const [topicId, partitions] of target) if (partitions.size === 0) target.delete(topicId)
  return targets
}

/** Consecutive partitions of each topic, members in the order of instance id, then member id (Kafka: RangeAssignor). */
function range({ members, partitionCount }: AssignorInput): Targets {
  const sorted = [...members].sort(inRangeOrder)
  const targets: Targets = new Map(sorted.map((m) => [m.memberId, new Map()]))
  for (const topicId of new Set(sorted.flatMap((m) => [...m.topicIds]))) {
    const subscribers = sorted.filter((m) => m.topicIds.has(topicId))
    const count = partitionCount(topicId)
    let next = 0
    for (const [index, member] of subscribers.entries()) {
      const end = next + Math.floor(count / subscribers.length) + (index < count % subscribers.length ? 1 : 0)
      const target = targets.get(member.memberId) ?? new Map<string, Set<number>>()
      for (; next < end; next++) give(target, topicId, next)
    }
  }
  return targets
}

function inRangeOrder(a: AssignorMember, b: AssignorMember): number {
  if (a.instanceId !== null && b.instanceId !== null) return a.instanceId < b.instanceId ? -1 : 1
  if (a.instanceId !== null) return -1
  if (b.instanceId !== null) return 1
  return a.memberId < b.memberId ? -1 : 1
}

function takenIn(members: readonly AssignorMember[]): (topicId: string, partition: number) => boolean {
  return (topicId, partition) => members.some((m) => m.target.get(topicId)?.has(partition))
}

function give(target: Map<string, Set<number>>, topicId: string, partition: number): void {
  const partitions = target.get(topicId)
  if (partitions) partitions.add(partition)
  else target.set(topicId, new Set([partition]))
}
