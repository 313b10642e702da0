import { until } from '../../cluster/until.js'
import { type FaultRule, HeldRequests } from '../../faults/fault-rules.js'
import type { KafkaProxy } from '../../faults/kafka-proxy.js'
import type { World } from '../servers/world.js'

const smallMessageBytes = 3_000

/** Some messages are larger than the topic takes since its limit was lowered. */
export const oversized = {
  paddingBytes: 6_000,
  /** Lowers the topic's limit below them. */
  lower: (world: World): Promise<void> => limit(world, smallMessageBytes),
  /** Puts Kafka's default back. */
  restore: (world: World): Promise<void> => limit(world, 1_048_588),
  /** The numbers that must be parked: the large ones that were not sent before. */
  async parked(world: World): Promise<readonly number[]> {
    const rows = await world.ledger.rows('SELECT number FROM placed_order WHERE length(body) > $1', [this.paddingBytes])
    const { sent } = await world.ledger.books()
    const arrived = new Set(sent?.map(({ number }) => number))
    const large = rows.map(({ number }) => Number(number)).filter((number) => !arrived.has(number))
    if (large.length === 0) throw new Error('no message was too large, so nothing would be proven')
    return large
  },
} as const

function limit(world: World, bytes: number): Promise<void> {
  return world.stage.admin.alterTopic(world.topic, { 'max.message.bytes': String(bytes) })
}

/** Something that goes wrong in two steps. */
export interface Provocation {
  /** The second step, when the first has happened. */
  finish(): Promise<void>
}

/** No batch fits. */
const tinyMessageBytes = 150

/**
 * Real Kafka appends requests, the answers are lost, and from then on it refuses every repeat as too large: nothing but the topic
 * can tell what happened.
 */
export function provokeResolve(world: World): Provocation {
  const rules = everywhere(world, (proxy) => proxy.dropResponses({ ...ours(world), count: 1_000 }))
  return {
    async finish() {
      await applied(rules, 1, 'lost answers')
      await limit(world, tinyMessageBytes)
      for (const rule of rules) rule.cancel()
    },
  }
}

/** Sets a fault at every node's proxy, for this case's topic. */
export function everywhere<Rule extends FaultRule>(world: World, set: (proxy: KafkaProxy) => Rule): readonly Rule[] {
  const rules = world.stage.kafka.proxies.map(set)
  world.atEnd(() => {
    for (const rule of rules)
      if (rule instanceof HeldRequests) rule.discard()
      else rule.cancel()
  })
  return rules
}

/** Produce requests with records for this case's topic. */
export function ours(world: World): { api: string; where: (request: { readonly frame: Buffer }) => boolean } {
  return { api: 'Produce', where: ({ frame }) => world.isOurs(frame) }
}

/** Waits until a fault has happened so often in all. */
export async function applied(rules: readonly FaultRule[], count: number, what: string): Promise<void> {
  const sum = (): number => rules.reduce((total, rule) => total + rule.applied, 0)
  await until(async () => sum() >= count, { what: `${count} ${what}`, deadlineMs: 30_000, everyMs: 5 })
}
