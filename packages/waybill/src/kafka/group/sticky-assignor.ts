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
    else owner.take(topic, partition, true)
  }
  for (const { topic, partition } of left) leastLoaded(holdings, topic)?.take(topic, partition, false)
  // What nobody held moves first: so what is held moves only where no place for the rest is even enough, and the round after
  // the revokes does not move anything else.
  let isBetter = true
  while (isBetter) isBetter = improve(holdings, owners, 'free') || improve(holdings, owners, 'all')
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
  /** What of it was not held before. */
  readonly #free = new Map<string, Set<number>>()
  load = 0

  constructor({ memberId, topics, generation, owned }: Claimant) {
    this.memberId = memberId
    this.topics = new Set(topics)
    this.generation = generation
    this.owned = owned
  }

  topicsOf(what: Movable): readonly string[] {
    return [...(what === 'free' ? this.#free : this.#held).keys()].sort()
  }

  get partitions(): TopicPartition[] {
    const topics = [...this.#held].sort(([a], [b]) => (a < b ? -1 : 1))
    return topics.flatMap(([topic, held]) => [...held].sort((a, b) => a - b).map((partition) => ({ topic, partition })))
  }

  countOf(topic: string): number {
    return this.#held.get(topic)?.size ?? 0
  }

  take(topic: string, partition: number, isKept: boolean): void {
    add(this.#held, topic, partition)
    if (!isKept) add(this.#free, topic, partition)
    this.load++
  }

  /** Gives up one of the topic's partitions, if possible one that was not held before. */
  give(topic: string): number | undefined {
    const partition = [...(this.#free.get(topic) ?? this.#held.get(topic) ?? [])].at(-1)
    if (partition === undefined) return undefined
    remove(this.#held, topic, partition)
    remove(this.#free, topic, partition)
    this.load--
    return partition
  }
}

/** Which partitions may move: those that nobody held before, or all. */
type Movable = 'free' | 'all'

function add(numbers: Map<string, Set<number>>, topic: string, partition: number): void {
  const known = numbers.get(topic)
  if (known === undefined) numbers.set(topic, new Set([partition]))
  else known.add(partition)
}

function remove(numbers: Map<string, Set<number>>, topic: string, partition: number): void {
  const known = numbers.get(topic)
  known?.delete(partition)
  if (known?.size === 0) numbers.delete(topic)
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
function improve(holdings: readonly Holding[], owners: ReadonlyMap<string, Holding>, what: Movable): boolean {
  const least = Math.min(...holdings.map(({ load }) => load))
  // What a fuller member reached in vain is at most one below it: from there nothing better is reached either.
  const seen = new Set<Holding>()
  for (const start of [...holdings].sort((a, b) => b.load - a.load)) {
    if (start.load < least + 2) return false
    const chain = seen.has(start) ? undefined : findChain(start, holdings, seen, what)
    if (chain === undefined) continue
    for (const { from, to, topic } of chain) {
      const partition = from.give(topic)
      if (partition !== undefined) to.take(topic, partition, owners.get(keyOf(topic, partition)) === to)
    }
    return true
  }
  return false
}

function findChain(
  start: Holding,
  holdings: readonly Holding[],
  seen: Set<Holding>,
  what: Movable,
): readonly Move[] | undefined {
  const ways = new Map<Holding, Move>()
  const queue = [start]
  seen.add(start)
  for (let from = queue.shift(); from !== undefined; from = queue.shift())
    for (const topic of from.topicsOf(what)) {
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
