import type { Subscription, TopicPartition } from './consumer-protocol.js'

/** A member with what it subscribes to and still holds. */
export interface Claimant extends Subscription {
  readonly memberId: string
}

/** Partitions per member id. */
export type Shares = ReadonlyMap<string, readonly TopicPartition[]>

/**
 * Who shall hold what: every partition of a subscribed topic goes to one subscriber; numbers of partitions are as even as the
 * subscriptions allow; whoever holds a partition keeps it unless evenness needs it elsewhere. The same for any order of the
 * members. Of two that say they hold a partition the one of the newer generation counts; of the same, neither.
 */
export function balancedShares(members: readonly Claimant[], partitionCounts: ReadonlyMap<string, number>): Shares {
  const holdings = [...members].sort((a, b) => (a.memberId < b.memberId ? -1 : 1)).map((each) => new Holding(each))
  const owners = presentOwners(holdings, partitionCounts)
  const left: TopicPartition[] = []
  for (const { topic, partition } of allPartitions(holdings, partitionCounts)) {
    const owner = owners.get(keyOf(topic, partition))
    if (owner === undefined) left.push({ topic, partition })
    else owner.take(topic, partition)
  }
  for (const { topic, partition } of left) leastLoaded(holdings, topic)?.take(topic, partition)
  let isBetter = true
  while (isBetter) isBetter = improve(holdings, owners)
  return new Map(holdings.map((each) => [each.memberId, each.partitions]))
}

/**
 * The part of the shares that may be given now (KIP-429): not yet what another member still says it holds. That one gives it
 * up, for it does not get it either, and joins again; the next time it is free.
 */
export function givenNow(shares: Shares, members: readonly Claimant[]): Shares {
  const claims = new Map<string, Set<string>>()
  for (const { memberId, owned } of members)
    for (const { topic, partition } of owned) {
      const key = keyOf(topic, partition)
      claims.set(key, (claims.get(key) ?? new Set()).add(memberId))
    }
  const isFree = (memberId: string, { topic, partition }: TopicPartition): boolean => {
    const claimants = claims.get(keyOf(topic, partition))
    return claimants === undefined || (claimants.size === 1 && claimants.has(memberId))
  }
  return new Map([...shares].map(([memberId, share]) => [memberId, share.filter((each) => isFree(memberId, each))]))
}

/** A member's share while it is made. */
class Holding {
  readonly memberId: string
  readonly topics: ReadonlySet<string>
  readonly generation: number
  readonly owned: readonly TopicPartition[]
  readonly #held = new Map<string, Set<number>>()
  load = 0

  constructor({ memberId, topics, generation, owned }: Claimant) {
    this.memberId = memberId
    this.topics = new Set(topics)
    this.generation = generation
    this.owned = owned
  }

  get heldTopics(): Iterable<string> {
    return this.#held.keys()
  }

  get partitions(): TopicPartition[] {
    const topics = [...this.#held].sort(([a], [b]) => (a < b ? -1 : 1))
    return topics.flatMap(([topic, held]) => [...held].sort((a, b) => a - b).map((partition) => ({ topic, partition })))
  }

  countOf(topic: string): number {
    return this.#held.get(topic)?.size ?? 0
  }

  numbersOf(topic: string): readonly number[] {
    return [...(this.#held.get(topic) ?? [])]
  }

  take(topic: string, partition: number): void {
    const held = this.#held.get(topic)
    if (held === undefined) this.#held.set(topic, new Set([partition]))
    else held.add(partition)
    this.load++
  }

  give(topic: string, partition: number): void {
    const held = this.#held.get(topic)
    held?.delete(partition)
    if (held?.size === 0) this.#held.delete(topic)
    this.load--
  }
}

/** Who holds each partition that exists and that its holder still subscribes to. */
function presentOwners(
  holdings: readonly Holding[],
  partitionCounts: ReadonlyMap<string, number>,
): ReadonlyMap<string, Holding> {
  const newest = new Map<string, { holding: Holding; isContested: boolean }>()
  for (const holding of holdings)
    for (const { topic, partition } of holding.owned) {
      if (!holding.topics.has(topic) || partition >= (partitionCounts.get(topic) ?? 0)) continue
      const key = keyOf(topic, partition)
      const other = newest.get(key)
      if (other === undefined || other.holding.generation < holding.generation)
        newest.set(key, { holding, isContested: false })
      else if (other.holding !== holding && other.holding.generation === holding.generation) other.isContested = true
    }
  const owners = [...newest].filter(([, { isContested }]) => !isContested)
  return new Map(owners.map(([key, { holding }]) => [key, holding]))
}

/** Topics with few subscribers first: theirs leave the least choice. */
function* allPartitions(
  holdings: readonly Holding[],
  partitionCounts: ReadonlyMap<string, number>,
): Iterable<TopicPartition> {
  const subscribers = new Map<string, number>()
  for (const { topics } of holdings) for (const each of topics) subscribers.set(each, (subscribers.get(each) ?? 0) + 1)
  const topics = [...subscribers].sort(([a, few], [b, many]) => few - many || (a < b ? -1 : 1))
  for (const [topic] of topics)
    for (let partition = 0; partition < (partitionCounts.get(topic) ?? 0); partition++) yield { topic, partition }
}

/** The subscriber with the fewest partitions, among equals the one with the fewest of this topic. */
function leastLoaded(holdings: readonly Holding[], topic: string): Holding | undefined {
  let least: Holding | undefined
  for (const each of holdings) {
    if (!each.topics.has(topic)) continue
    const isLess =
      least === undefined ||
      each.load < least.load ||
      (each.load === least.load && each.countOf(topic) < least.countOf(topic))
    if (isLess) least = each
  }
  return least
}

/** A partition that goes from one member to another. */
interface Move {
  readonly from: Holding
  readonly to: Holding
  readonly topic: string
}

/**
 * Moves partitions along one chain of members that makes the loads more even, if there is one: from a member over others, each
 * of which passes one on, to one with at least two less. No such chain means that nothing is more even.
 */
function improve(holdings: readonly Holding[], owners: ReadonlyMap<string, Holding>): boolean {
  const least = Math.min(...holdings.map(({ load }) => load))
  // What a fuller member reached in vain is at most one below it: from there nothing better is reached either.
  const seen = new Set<Holding>()
  for (const start of [...holdings].sort((a, b) => b.load - a.load)) {
    if (start.load < least + 2) return false
    const chain = seen.has(start) ? undefined : findChain(start, holdings, seen)
    if (chain === undefined) continue
    for (const { from, to, topic } of chain) {
      const numbers = from.numbersOf(topic)
      const isNew = (partition: number): boolean => owners.get(keyOf(topic, partition)) !== from
      const partition = numbers.findLast(isNew) ?? numbers.at(-1)
      if (partition === undefined) continue
      from.give(topic, partition)
      to.take(topic, partition)
    }
    return true
  }
  return false
}

function findChain(start: Holding, holdings: readonly Holding[], seen: Set<Holding>): readonly Move[] | undefined {
  const ways = new Map<Holding, Move>()
  const queue = [start]
  seen.add(start)
  for (let from = queue.shift(); from !== undefined; from = queue.shift())
    for (const topic of [...from.heldTopics].sort()) {
      const next = holdings.filter((each) => each.topics.has(topic) && !seen.has(each))
      for (const to of next.sort((a, b) => a.load - b.load)) {
        seen.add(to)
        ways.set(to, { from, to, topic })
        if (to.load <= start.load - 2) return wayTo(to, ways)
        queue.push(to)
      }
    }
  return undefined
}

function wayTo(end: Holding, ways: ReadonlyMap<Holding, Move>): readonly Move[] {
  const chain: Move[] = []
  for (let move = ways.get(end); move !== undefined; move = ways.get(move.from)) chain.unshift(move)
  return chain
}

function keyOf(topic: string, partition: number): string {
  return `${topic} ${partition}`
}
