import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { TopicPartition } from '../../../src/kafka/group/consumer-protocol.js'
import { balancedShares, type Claimant, givenNow, type Shares } from '../../../src/kafka/group/sticky-assignor.js'

const topicNames = ['a', 'b', 'c', 'd']
const seed = Math.trunc(Math.random() * 2 ** 31)
const check = (property: fc.IProperty<[Group]>): void => fc.assert(property, { seed, numRuns: 500 })

/** Members with claims that may contradict each other, and the topics there are. */
interface Group {
  readonly members: readonly Claimant[]
  readonly counts: ReadonlyMap<string, number>
}

const partition = fc.record({ topic: fc.constantFrom(...topicNames), partition: fc.nat(9) })

function groups(topicsOf: fc.Arbitrary<readonly string[]> | 'all'): fc.Arbitrary<Group> {
  const member = fc.record({
    topics: topicsOf === 'all' ? fc.constant(topicNames) : topicsOf,
    owned: fc.uniqueArray(partition, { maxLength: 20, selector: keyOf }),
    generation: fc.integer({ min: -1, max: 3 }),
  })
  const counts = fc.tuple(...topicNames.map((topic) => fc.tuple(fc.constant(topic), fc.nat(8))))
  return fc.record({
    members: fc
      .array(member, { minLength: 1, maxLength: 7 })
      .map((made) => made.map((each, index) => ({ ...each, memberId: `m${index}` }))),
    counts: counts.map((each) => new Map(each)),
  })
}

const anyGroup = groups(fc.subarray(topicNames))
const equalGroup = groups('all')

describe(`the sticky assignor (seed ${seed})`, () => {
  it('gives every partition of a subscribed topic to one subscriber, and nothing else to anybody', () => {
    check(
      fc.property(anyGroup, ({ members, counts }) => {
        const shares = balancedShares(members, counts)
        const wanted = [...counts].flatMap(([topic, count]) =>
          members.some(({ topics }) => topics.includes(topic)) ? all(topic, count) : [],
        )
        assert.deepEqual(keysOf(shares).sort(), wanted.sort())
        for (const { memberId, topics } of members)
          for (const { topic } of shares.get(memberId) ?? assert.fail(memberId)) assert.ok(topics.includes(topic))
      }),
    )
  })

  it('is as even as the subscriptions allow: no partition can go to somebody with two less, over others neither', () => {
    check(
      fc.property(anyGroup, ({ members, counts }) => {
        const shares = balancedShares(members, counts)
        const loadOf = (id: string): number => shares.get(id)?.length ?? 0
        for (const { memberId } of members)
          for (const reached of reachable(memberId, members, shares))
            assert.ok(loadOf(reached) >= loadOf(memberId) - 1, `${memberId} ${loadOf(memberId)} > ${reached}`)
      }),
    )
  })

  it('leaves members of equal subscriptions as much of what they hold as evenness allows', () => {
    check(
      fc.property(equalGroup, ({ members, counts }) => {
        const held = holders(members, counts)
        const shares = balancedShares(members, counts)
        const kept = [...shares].map(
          ([memberId, share]) => share.filter((each) => held.get(keyOf(each)) === memberId).length,
        )
        const loads = members.map(({ memberId }) => [...held.values()].filter((id) => id === memberId).length)
        assert.equal(sum(kept), mostKept(loads, sum([...counts.values()])))
      }),
    )
  })

  it('moves nothing where everything is held and even, also with unequal subscriptions', () => {
    check(
      fc.property(anyGroup, ({ members, counts }) => {
        const first = balancedShares(members, counts)
        const settled = members.map((each) => ({ ...each, owned: first.get(each.memberId) ?? [], generation: 7 }))
        assert.deepEqual(balancedShares(settled, counts), first)
        assert.deepEqual(givenNow(first, settled), first)
      }),
    )
  })

  it('is the same for any order of members and claims', () => {
    check(
      fc.property(anyGroup, ({ members, counts }) => {
        const turned = members.toReversed().map((each) => ({ ...each, owned: each.owned.toReversed() }))
        const turnedCounts = new Map([...counts].toReversed())
        assert.deepEqual(sorted(balancedShares(turned, turnedCounts)), sorted(balancedShares(members, counts)))
      }),
    )
  })

  it('gives nobody now what somebody else says he holds, whatever the generations say', () => {
    check(
      fc.property(anyGroup, ({ members, counts }) => {
        const given = givenNow(balancedShares(members, counts), members)
        for (const [memberId, share] of given)
          for (const each of share)
            for (const other of members)
              if (other.memberId !== memberId) assert.ok(!other.owned.some((held) => keyOf(held) === keyOf(each)))
        assert.equal(new Set(keysOf(given)).size, keysOf(given).length)
      }),
    )
  })

  it('has given everything once all have let go of what they did not get', () => {
    check(
      fc.property(anyGroup, ({ members, counts }) => {
        const shares = balancedShares(members, counts)
        const given = givenNow(shares, members)
        const next = members.map((each) => ({ ...each, owned: given.get(each.memberId) ?? [], generation: 9 }))
        assert.deepEqual(givenNow(balancedShares(next, counts), next), balancedShares(next, counts))
      }),
    )
  })

  it('of two that claim a partition the newer generation keeps it, of one generation neither does at first', () => {
    const counts = new Map([['a', 1]])
    const owned = [{ topic: 'a', partition: 0 }]
    const claim = (memberId: string, generation: number): Claimant => ({ memberId, topics: ['a'], owned, generation })
    const zombie = [claim('m0', 3), claim('m1', 4)]
    assert.deepEqual(sorted(balancedShares(zombie, counts)), { m0: [], m1: ['a 0'] })
    assert.deepEqual(sorted(givenNow(balancedShares(zombie, counts), zombie)), { m0: [], m1: [] })
    const twins = [claim('m0', 4), claim('m1', 4)]
    assert.deepEqual(sorted(givenNow(balancedShares(twins, counts), twins)), { m0: [], m1: [] })
  })

  // A quadratic assignor would take minutes, and the group would wait for them: 0.3 s here when nothing else runs.
  it('shares 10,000 partitions evenly among 200 members, half of them new', { timeout: 60_000 }, () => {
    const counts = new Map(Array.from({ length: 100 }, (_, topic) => [`t${topic}`, 100]))
    const topics = [...counts.keys()]
    const members = Array.from({ length: 200 }, (_, index) => ({
      memberId: `m${String(index).padStart(3, '0')}`,
      topics,
      owned:
        index < 100 ? Array.from({ length: 100 }, (__, number) => ({ topic: `t${index}`, partition: number })) : [],
      generation: index < 100 ? 1 : -1,
    }))
    const shares = balancedShares(members, counts)
    assert.ok([...shares.values()].every(({ length }) => length === 50))
  })
})

function keyOf({ topic, partition: number }: TopicPartition): string {
  return `${topic} ${number}`
}

function keysOf(shares: Shares): string[] {
  return [...shares.values()].flatMap((share) => share.map(keyOf))
}

function all(topic: string, count: number): string[] {
  return Array.from({ length: count }, (_, number) => `${topic} ${number}`)
}

function sorted(shares: Shares): Record<string, string[]> {
  return Object.fromEntries([...shares].map(([id, share]) => [id, share.map(keyOf).sort()]))
}

/** Who could get a partition of this member, directly or because others pass theirs on. */
function reachable(start: string, members: readonly Claimant[], shares: Shares): ReadonlySet<string> {
  const reached = new Set([start])
  for (const from of reached)
    for (const { topic } of shares.get(from) ?? [])
      for (const { memberId, topics } of members) if (topics.includes(topic)) reached.add(memberId)
  return reached
}

/** Who holds what beyond doubt: the only one of the newest generation that claims it. */
function holders(members: readonly Claimant[], counts: ReadonlyMap<string, number>): ReadonlyMap<string, string> {
  const held = new Map<string, string>()
  for (const [topic, count] of counts)
    for (const key of all(topic, count)) {
      const claimants = members.filter(({ owned }) => owned.some((each) => keyOf(each) === key))
      const newest = Math.max(...claimants.map(({ generation }) => generation))
      const [first, second] = claimants.filter(({ generation }) => generation === newest)
      if (first !== undefined && second === undefined) held.set(key, first.memberId)
    }
  return held
}

/** With even shares: everybody keeps up to the lower share, and as many as there are larger shares one more. */
function mostKept(loads: readonly number[], total: number): number {
  const lower = Math.floor(total / loads.length)
  const larger = total % loads.length
  const more = loads.filter((load) => load > lower).length
  return sum(loads.map((load) => Math.min(load, lower))) + Math.min(more, larger)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
