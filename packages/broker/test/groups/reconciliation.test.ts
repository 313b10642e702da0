import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ASSIGNORS, type AssignorMember } from '../../src/groups/assignors.js'
import { ConsumerGroup, type Member, MemberState, currentRecord, newMember } from '../../src/groups/consumer-group.js'
import type { PartitionSets } from '../../src/groups/partition-sets.js'
import { reconcile } from '../../src/groups/reconciliation.js'

const TOPICS = new Map([
  ['ta', 5],
  ['tb', 3],
])
const partitionCount = (topicId: string): number => TOPICS.get(topicId) ?? 0

/** Members with the topics each subscribes to. */
const memberships = fc.array(fc.subarray([...TOPICS.keys()], { minLength: 1 }), { minLength: 1, maxLength: 5 })

function targetsOf(
  name: string,
  subscriptions: string[][],
  before: Map<string, PartitionSets>,
): Map<string, PartitionSets> {
  const assign = ASSIGNORS.get(name)
  assert.ok(assign)
  const members: AssignorMember[] = subscriptions.map((topics, i) => ({
    memberId: `m${i}`,
    instanceId: null,
    topicIds: new Set(topics),
    target: before.get(`m${i}`) ?? new Map(),
  }))
  return assign({ members, partitionCount })
}

for (const name of ASSIGNORS.keys())
  test(`${name}: every partition that anybody subscribes to has exactly one owner, who subscribes to it`, () => {
    fc.assert(
      fc.property(fc.array(memberships, { minLength: 1, maxLength: 4 }), (steps) => {
        let targets = new Map<string, PartitionSets>()
        for (const subscriptions of steps) {
          targets = targetsOf(name, subscriptions, targets)
          const owners = new Map<string, string>()
          for (const [memberId, target] of targets)
            for (const [topicId, partitions] of target)
              for (const p of partitions) {
                assert.ok(subscriptions[Number(memberId.slice(1))]?.includes(topicId), `${memberId} reads ${topicId}`)
                assert.ok(!owners.has(`${topicId}-${p}`), `${topicId}-${p} has one owner`)
                owners.set(`${topicId}-${p}`, memberId)
              }
          const wanted = new Set(subscriptions.flat())
          const all = [...wanted].reduce((sum, topicId) => sum + partitionCount(topicId), 0)
          assert.equal(owners.size, all)
        }
      }),
    )
  })

test('uniform: counts differ by one at most, and whoever has a partition keeps it unless the counts forbid', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), (first, second) => {
      const all = (n: number): string[][] => Array.from({ length: n }, () => ['ta', 'tb'])
      const before = targetsOf('uniform', all(first), new Map())
      const after = targetsOf('uniform', all(second), before)
      const sizes = [...after.values()].map((t) => [...t.values()].reduce((sum, p) => sum + p.size, 0))
      assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, String(sizes))
      if (second < first) return
      const quota = Math.ceil(8 / second)
      for (const [memberId, target] of before) {
        const kept = [...target].reduce(
          (sum, [id, ps]) => sum + [...ps].filter((p) => after.get(memberId)?.get(id)?.has(p)).length,
          0,
        )
        const had = [...target.values()].reduce((sum, ps) => sum + ps.size, 0)
        assert.ok(kept >= Math.min(had, quota - 1), `${memberId} kept ${kept} of ${had}`)
      }
    }),
  )
})

/** A client that gives partitions up only now and then, as one does whose handlers run. */
interface Client {
  owned: Map<string, Set<number>>
  told: Map<string, Set<number>>
}

function owns(client: Client): { topicId: string; partitions: number[] }[] {
  return [...client.owned].map(([topicId, ps]) => ({ topicId, partitions: [...ps] }))
}

test('whatever the order of joins, heartbeats and revocations, no partition is ever in two hands, and all settle', () => {
  const event = fc.record({ member: fc.nat({ max: 3 }), kind: fc.constantFrom('beat', 'obey', 'target') })
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 60 }),
      fc.array(memberships, { minLength: 8, maxLength: 8 }),
      (events, plans) => {
        const group = new ConsumerGroup('g')
        const clients = new Map<string, Client>()
        let plan = plans[0] ?? [['ta']]
        let targets = new Map<string, PartitionSets>()
        const retarget = (next: string[][]): void => {
          plan = [0, 1, 2, 3].map((i) => next[i] ?? ['ta'])
          targets = targetsOf('uniform', plan, targets)
          group.assignmentEpoch++
        }
        retarget(plan)
        const step = (id: string, doesObey: boolean): void => {
          const client: Client = clients.get(id) ?? { owned: new Map(), told: new Map() }
          clients.set(id, client)
          if (doesObey) client.owned = new Map([...client.told].map(([t, ps]) => [t, new Set(ps)]))
          const member = group.members.get(id) ?? newMember(id)
          const after = reconcile(member, {
            targetEpoch: group.assignmentEpoch,
            target: targets.get(id) ?? new Map(),
            subscriptionChanged: false,
            subscribedTopicIds: new Set(plan[Number(id.slice(1))]),
            partitionEpoch: (topicId, p) => group.partitionEpoch(topicId, p),
            owned: owns(client),
          })
          const record = currentRecord('g', after)
          assert.ok(record.kind === 'current')
          group.apply(record)
          client.told = new Map([...after.assigned].map(([t, ps]) => [t, new Set(ps.keys())]))
        }
        const check = (): void => {
          const holders = new Map<string, string>()
          for (const [id, client] of clients)
            for (const hold of [client.owned, client.told])
              for (const [topicId, ps] of hold)
                for (const p of ps) {
                  const other = holders.get(`${topicId}-${p}`)
                  assert.ok(
                    other === undefined || other === id,
                    `${topicId}-${p} is in the hands of ${other} and ${id}`,
                  )
                  holders.set(`${topicId}-${p}`, id)
                }
        }
        for (const [i, { member, kind }] of events.entries()) {
          if (kind === 'target') retarget(plans[i % plans.length] ?? [['ta']])
          else step(`m${member}`, kind === 'obey')
          check()
        }
        for (let round = 0; round < 6; round++) for (const id of ['m0', 'm1', 'm2', 'm3']) step(id, true)
        check()
        for (const member of group.members.values())
          assert.deepEqual(held(member), plainly(targets.get(member.memberId)))
      },
    ),
    { numRuns: 400 },
  )
})

function held(member: Member): [string, number[]][] {
  assert.equal(member.state, MemberState.stable)
  return plainly(member.assigned)
}

function plainly(sets: ReadonlyMap<string, { keys(): Iterable<number> }> = new Map()): [string, number[]][] {
  const sorted = [...sets].map(([t, ps]): [string, number[]] => [t, [...ps.keys()].sort((a, b) => a - b)])
  return sorted.sort(([a], [b]) => (a < b ? -1 : 1))
}
