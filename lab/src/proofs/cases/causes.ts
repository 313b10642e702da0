import { until } from '../../cluster/until.js'
import type { World } from '../servers/world.js'

const smallMessageBytes = 3_000

/** Some messages are larger than the topic takes since its limit was lowered. */
export const oversized = {
  paddingBytes: 6_000,
  /** Lowers the topic's limit below them. */
  lower: (world: World): Promise<void> => limit(world, smallMessageBytes),
  /** Puts Kafka's default back. */
  restore: (world: World): Promise<void> => limit(world, 1_048_588),
  /** The numbers that must be parked: all of the large ones, or (`all` false) those that were not sent before. */
  async parked(world: World, all: boolean): Promise<readonly number[]> {
    const rows = await world.ledger.rows('SELECT number FROM placed_order WHERE length(body) > $1', [this.paddingBytes])
    const large = rows.map(({ number }) => Number(number))
    if (large.length === 0) throw new Error('no message was too large, so nothing would be proven')
    if (all) return large
    const { sent } = await world.ledger.books()
    const arrived = new Set(sent?.map(({ number }) => number))
    return large.filter((number) => !arrived.has(number))
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

/**
 * Real Kafka appends a request, its answer is lost, and from then on it refuses the repeat as too large: nothing but the topic
 * can tell what happened.
 */
export function provokeResolve(world: World): Provocation {
  const isOurs = (frame: Buffer): boolean => frame.includes(world.topic) && frame.includes('x'.repeat(1_000))
  const rules = world.stage.kafka.proxies.map((proxy) =>
    proxy.dropResponses({ api: 'Produce', count: 1_000, where: ({ frame }) => isOurs(frame) }),
  )
  world.atEnd(() => rules.forEach((rule) => rule.cancel()))
  return {
    async finish() {
      const lost = async (): Promise<boolean> => rules.some(({ applied }) => applied > 0)
      await until(lost, { what: 'a lost answer to a large message', deadlineMs: 30_000, everyMs: 5 })
      await oversized.lower(world)
      for (const rule of rules) rule.cancel()
    },
  }
}
