import { setTimeout as sleep } from 'node:timers/promises'
import type { KafkaNode } from '../../cluster/kafka-node.js'
import { between } from '../seeded.js'
import type { Arm } from '../servers/business.js'
import type { World } from '../servers/world.js'
import { partitions } from '../workers/scene.js'
import { applied, everywhere, ours } from './causes.js'
import { bothArms, type ProofCase } from './proof-case.js'

const waybillOnly: readonly Arm[] = ['waybill']
/** Long enough for the session of a silent node to end and for another one to lead; see `Stage`. */
const failoverMs = 7_000
/** Shorter than that session, longer than a produce request waits. */
const shortFreezeMs = 2_200
/** How long a broker remembers a producer in the case that makes it forget. */
const forgetMs = 4_000
const defaultForgetMs = 86_400_000
/** The service is slow enough that its orders go on during the fault. */
const slowly = { pauseMs: 60 }
/** Longer than any node is frozen here: what a broker was sent has been executed or lost by then. */
const drainMs = 12_000

/** What happens to the brokers themselves. They are everybody's, so these cases run alone. */
export const brokerCases: readonly ProofCase[] = [
  { name: 'leader killed', hurts: 'cluster', arms: bothArms, run: leaderKilled },
  { name: 'all brokers killed and restarted', hurts: 'cluster', arms: bothArms, run: allKilled },
  {
    name: 'leader frozen, appends requests of closed connections',
    hurts: 'cluster',
    arms: bothArms,
    run: (world) => leaderFrozen(world, shortFreezeMs, false),
  },
  {
    name: 'leader frozen until another one leads',
    hurts: 'cluster',
    arms: bothArms,
    run: (world) => leaderFrozen(world, failoverMs, false),
  },
  {
    name: 'leader frozen, relay killed meanwhile',
    hurts: 'cluster',
    arms: bothArms,
    run: (world) => leaderFrozen(world, shortFreezeMs, true),
  },
  { name: 'producer forgotten between two tries', hurts: 'cluster', arms: bothArms, run: forgotten },
  { name: 'producer forgotten while its stream was idle', hurts: 'cluster', arms: waybillOnly, run: forgottenIdle },
]

/** The node that leads most of the case's partitions' first one, when some rows are through. */
async function leaderMidway(world: World): Promise<KafkaNode> {
  const rows = between(world.random, 30, 80)
  await world.until('enough rows', async () => (await world.ledger.progress()).committed >= rows)
  const partition = between(world.random, 0, partitions - 1)
  const id = await world.stage.admin.leaderOf(world.topic, partition)
  world.notes.push(`node ${id} at ${rows} rows`)
  return world.stage.kafka.node(id)
}

async function leaderKilled(world: World): Promise<undefined> {
  const relay = await world.startRelay('relay', { relay: { drainMs } })
  const sender = await world.startSender('sender', slowly)
  const node = await leaderMidway(world)
  await node.kill()
  try {
    await sender.endsWell()
    await world.drained()
  } finally {
    await node.restart()
  }
  await relay.stop()
  await whole(world)
}

async function allKilled(world: World): Promise<undefined> {
  const { nodes } = world.stage.kafka
  const relay = await world.startRelay('relay', { relay: { drainMs } })
  const sender = await world.startSender('sender', slowly)
  await leaderMidway(world)
  await Promise.all(nodes.map((node) => node.kill()))
  await Promise.all(nodes.map((node) => node.launch()))
  await world.stage.kafka.ready()
  await sender.endsWell()
  await world.drained()
  await relay.stop()
  await whole(world)
}

/** Requests lie in the frozen node's sockets when their clients give up; it executes them when it wakes. */
async function leaderFrozen(world: World, frozenMs: number, kills: boolean): Promise<undefined> {
  const relay = await world.startRelay('relay', { relay: { drainMs } })
  const sender = await world.startSender('sender', slowly)
  const node = await leaderMidway(world)
  node.pause()
  let last = relay
  try {
    if (kills) {
      await sleep(frozenMs / 2)
      await relay.kill()
      last = await world.startRelay('successor', { relay: { drainMs } })
      await sleep(frozenMs / 2)
    } else await sleep(frozenMs)
  } finally {
    node.resume()
  }
  await sender.endsWell()
  await world.drained()
  await last.stop()
  await whole(world)
}

/**
 * The broker appends, the answer is lost, no repeat gets through until the broker has forgotten the producer: it would append
 * the repeat as something new, and say nothing.
 */
async function forgotten(world: World): Promise<undefined> {
  await remembering(world, forgetMs, async () => {
    await (await world.startSender('sender', { transactions: 30 })).endsWell()
    const lost = everywhere(world, (proxy) => proxy.dropResponses({ ...ours(world), connection: 'hang' }))
    const relay = await world.startRelay('relay')
    await applied(lost, 1, 'lost answers')
    const held = everywhere(world, (proxy) => proxy.holdRequests({ ...ours(world), count: 1_000 }))
    for (const rule of lost) rule.cancel()
    await forgot(world)
    for (const each of held) each.discard()
    await world.drained()
    world.notes.push(`read back: ${relay.resolved.found} found, ${relay.resolved['not-found']} not`)
    if (world.arm === 'waybill' && relay.resolved.found === 0)
      throw new Error('nothing was read back, so nothing would be proven')
    await relay.stop()
  })
}

/** Nothing is sent for longer than the broker remembers; then the stream goes on. */
async function forgottenIdle(world: World): Promise<undefined> {
  await remembering(world, forgetMs, async () => {
    const relay = await world.startRelay('relay')
    await (await world.startSender('sender', { transactions: 30 })).endsWell()
    await world.drained()
    await forgot(world)
    await (await world.startSender('later', { transactions: 30 })).endsWell()
    await world.drained()
    await relay.stop()
  })
}

/** No leader of the topic remembers any producer. */
async function forgot(world: World): Promise<void> {
  await world.until('forgotten producers', async () => {
    for (let partition = 0; partition < partitions; partition++)
      if ((await world.stage.admin.producersOf(world.topic, partition)) > 0) return false
    return true
  })
}

async function remembering(world: World, ms: number, work: () => Promise<void>): Promise<void> {
  const setTo = (value: number): Promise<void> =>
    world.stage.admin.alterBrokers({ 'producer.id.expiration.ms': String(value) })
  await setTo(ms)
  try {
    await work()
  } finally {
    await setTo(defaultForgetMs)
  }
}

/** The next case finds all replicas in sync. */
function whole(world: World): Promise<void> {
  return world.stage.admin.untilWhole(world.topic, partitions)
}
