import type { FaultRule } from '../../faults/fault-rules.js'
import { between } from '../seeded.js'
import type { Arm } from '../servers/business.js'
import type { World } from '../servers/world.js'
import { relayOptions } from '../workers/scene.js'
import { applied, everywhere, ours, oversized } from './causes.js'
import { bothArms, type Ending, type ProofCase } from './proof-case.js'

const waybillOnly: readonly Arm[] = ['waybill']
const requestTimeoutMs = relayOptions.requestTimeoutMs ?? 0

/** What happens to produce requests and their answers between relay and broker. */
export const answerCases: readonly ProofCase[] = [
  { name: 'answers lost', hurts: 'processes', arms: bothArms, run: (world) => lostAnswers(world, 'close') },
  {
    name: 'answers lost, connection hangs',
    hurts: 'processes',
    // The usual client repeats on the same connection for ever.
    arms: waybillOnly,
    run: (world) => lostAnswers(world, 'hang'),
  },
  { name: 'answers late', hurts: 'processes', arms: bothArms, run: lateAnswers },
  { name: 'requests torn', hurts: 'processes', arms: bothArms, run: tornRequests },
  { name: 'answer lost, then max.message.bytes lowered', hurts: 'processes', arms: waybillOnly, run: loweredLimit },
  { name: 'answer lost, relay killed', hurts: 'processes', arms: bothArms, run: lostAndKilled },
  {
    name: 'request of a closed connection appended late',
    hurts: 'processes',
    // The usual client repeats on the connection that hangs.
    arms: waybillOnly,
    run: (world) => lateAppend(world, false),
  },
  {
    name: 'request of a killed relay appended late',
    hurts: 'processes',
    arms: bothArms,
    run: (world) => lateAppend(world, true),
  },
]

/** Relay and service run; the fault has to happen; all comes to its end. */
async function through(world: World, rules: readonly FaultRule[], count: number, what: string): Promise<undefined> {
  const relay = await world.startRelay('relay')
  const sender = await world.startSender()
  await applied(rules, count, what)
  await sender.endsWell()
  await world.drained()
  await relay.stop()
}

function lostAnswers(world: World, connection: 'close' | 'hang'): Promise<undefined> {
  const each = connection === 'close' ? 5 : 1
  const rules = everywhere(world, (proxy) =>
    proxy.dropResponses({ ...ours(world), count: each, connection: connection }),
  )
  return through(world, rules, 2, 'lost answers')
}

function lateAnswers(world: World): Promise<undefined> {
  const delayMs = requestTimeoutMs + between(world.random, 50, 500)
  const rules = everywhere(world, (proxy) => proxy.delayResponses({ ...ours(world), delayMs }))
  return through(world, rules, 1, 'late answers')
}

function tornRequests(world: World): Promise<undefined> {
  const bytes = between(world.random, 10, 300)
  world.notes.push(`after ${bytes} bytes`)
  const rules = everywhere(world, (proxy) => proxy.cutAfter({ ...ours(world), count: 3, bytes }))
  return through(world, rules, 2, 'torn requests')
}

/** Nothing but the topic can tell what became of the first attempts; what was never appended is refused and set aside. */
async function loweredLimit(world: World): Promise<Ending> {
  await (await world.startSender('sender', { paddingBytes: oversized.paddingBytes })).endsWell()
  const lost = everywhere(world, (proxy) =>
    proxy.dropResponses({ ...ours(world), count: 1_000, where: (r) => isLarge(world, r.frame) }),
  )
  const relay = await world.startRelay('relay', { onReject: 'park' })
  await applied(lost, 1, 'lost answers to a large message')
  await oversized.lower(world)
  for (const rule of lost) rule.cancel()
  await world.drained()
  world.notes.push(`read back: ${relay.resolved.found} found`)
  if (relay.resolved.found === 0) throw new Error('nothing was read back, so nothing would be proven')
  await relay.stop()
  return { parked: await oversized.parked(world) }
}

function isLarge(world: World, frame: Buffer): boolean {
  return world.isOurs(frame) && frame.includes('x'.repeat(1_000))
}

/** The broker has appended, the relay that would repeat is dead. */
async function lostAndKilled(world: World): Promise<undefined> {
  const rules = everywhere(world, (proxy) => proxy.dropResponses({ ...ours(world), count: 2, connection: 'hang' }))
  const relay = await world.startRelay('victim')
  const sender = await world.startSender()
  await applied(rules, 1, 'lost answers')
  await relay.kill()
  for (const rule of rules) rule.cancel()
  const successor = await world.startRelay('successor')
  await sender.endsWell()
  await world.drained()
  await successor.stop()
}

/**
 * What a frozen leader does when it wakes up: it executes what was sent to it by a connection that is long closed, when the
 * repeat has been acknowledged and later flights, too.
 */
async function lateAppend(world: World, kills: boolean): Promise<undefined> {
  const held = everywhere(world, (proxy) => proxy.holdRequests(ours(world)))
  const relay = await world.startRelay('victim')
  const sender = await world.startSender()
  await applied(held, 1, 'held requests')
  let last = relay
  if (kills) {
    await relay.kill()
    last = await world.startRelay('successor')
  }
  for (const each of held) each.cancel()
  await sender.endsWell()
  await world.drained()
  await Promise.all(held.map((each) => each.release()))
  world.notes.push(`${held.reduce((total, { answered }) => total + answered, 0)} appended or refused late`)
  await last.stop()
}
