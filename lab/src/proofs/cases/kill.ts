import type { FailpointName } from 'waybill/testing'
import { between } from '../seeded.js'
import type { Arm } from '../servers/business.js'
import type { World } from '../servers/world.js'
import { lanes } from '../workers/scene.js'
import type { Worker } from '../workers/worker.js'
import { oversized, provokeResolve } from './causes.js'
import { bothArms, type ProofCase } from './proof-case.js'

/** restart: the same process is started again. takeover: a second one was running all along. */
type After = 'restart' | 'takeover'

/** What must go wrong besides, because some points are only reached then. */
type Cause = 'none' | 'oversized' | 'lost-answer' | 'stop'

interface Point {
  readonly name: FailpointName
  readonly cause: Cause
  /** At the latest at this hit; which one, the seed says. */
  readonly hitMax: number
  readonly arms: readonly Arm[]
}

const waybillOnly: readonly Arm[] = ['waybill']

/** Every await of the relay that separates two effects. The usual relay has some of them. */
const relayPoints: readonly Point[] = [
  { name: 'lease:after-take', cause: 'none', hitMax: 1, arms: waybillOnly },
  { name: 'claim:before-commit', cause: 'none', hitMax: 6, arms: waybillOnly },
  { name: 'claim:after-commit', cause: 'none', hitMax: 6, arms: bothArms },
  { name: 'send:before-write', cause: 'none', hitMax: 6, arms: bothArms },
  { name: 'send:after-answer', cause: 'none', hitMax: 6, arms: bothArms },
  { name: 'mark:before-commit', cause: 'none', hitMax: 6, arms: bothArms },
  { name: 'mark:after-commit', cause: 'none', hitMax: 6, arms: bothArms },
  { name: 'release:before-commit', cause: 'oversized', hitMax: 3, arms: waybillOnly },
  { name: 'release:after-commit', cause: 'oversized', hitMax: 3, arms: waybillOnly },
  { name: 'resolve:before-read', cause: 'lost-answer', hitMax: 1, arms: waybillOnly },
  { name: 'resolve:after-read', cause: 'lost-answer', hitMax: 1, arms: waybillOnly },
  { name: 'stop:before-release', cause: 'stop', hitMax: 1, arms: bothArms },
]

const senderPoints: readonly FailpointName[] = ['enqueue:before-insert', 'enqueue:after-insert']
const senderHitMax = 20

const afters: readonly After[] = ['restart', 'takeover']

/** kill -9 at each point, with a restart and with a take-over. */
export const killCases: readonly ProofCase[] = afters.flatMap((after) => [
  ...senderPoints.map(
    (name): ProofCase => ({
      name: `kill ${name} ${after}`,
      hurts: 'processes',
      arms: waybillOnly,
      run: (world) => killSender(world, name, after),
    }),
  ),
  ...relayPoints.map(
    (point): ProofCase => ({
      name: `kill ${point.name} ${after}${point.cause === 'none' ? '' : ` ${point.cause}`}`,
      hurts: 'processes',
      arms: point.arms,
      run: (world) => killRelay(world, point, after),
    }),
  ),
])

/** The service dies in the middle of business transactions: neither their rows nor their messages may ever be seen. */
async function killSender(world: World, failpoint: FailpointName, after: After): Promise<undefined> {
  const relay = await world.startRelay('relay')
  const survivor = after === 'takeover' ? await world.startSender('survivor') : undefined
  const hit = between(world.random, 1, senderHitMax)
  const victim = await world.startSender('victim', { doom: { failpoint, hit, ending: 'kill' } })
  await victim.meetFate()
  world.notes.push(`hit ${hit}`)
  if (survivor) await survivor.endsWell()
  else await (await world.startSender('successor', { transactions: 30 })).endsWell()
  await world.drained()
  await relay.stop()
}

/** A relay dies; another one, or the same again, brings everything to its end. */
async function killRelay(world: World, { name: failpoint, cause, hitMax }: Point, after: After): Promise<undefined> {
  const hit = between(world.random, 1, hitMax)
  world.notes.push(`hit ${hit}`)
  const provoked = cause === 'lost-answer' ? provokeResolve(world) : undefined
  if (cause === 'oversized') await oversized.lower(world)
  const survivor = after === 'takeover' ? await world.startRelay('survivor') : undefined
  if (survivor) await hasLanes(world, survivor, lanes)
  const victim = await world.startRelay('victim', { doom: { failpoint, hit, ending: 'kill' } })
  if (survivor) await victim.waitUntil('its share', () => world.arm === 'naive' || victim.lanes.length > 0)
  const sender = await world.startSender('sender', { paddingBytes: cause === 'oversized' ? oversized.paddingBytes : 0 })
  if (provoked) await victim.waitUntil('lost answers', () => victim.unanswered > 0)
  await provoked?.finish()
  if (cause === 'stop') {
    await (world.arm === 'naive' ? victim.waitReady() : victim.waitUntil('work', () => victim.acknowledged > 0))
    victim.askToStop()
  }
  await victim.meetFate()
  await sender.endsWell()
  let heir = survivor ?? (await world.startRelay('successor'))
  if (provoked || cause === 'oversized') heir = await mend(world, heir)
  await world.drained()
  await heir.stop()
}

/** The limit is put back; a relay that starts anew tries held messages again, so all of them arrive, in order. */
async function mend(world: World, heir: Worker): Promise<Worker> {
  await world.until('the heir has all lanes', async () => (await world.ledger.lanesOf(heir.owner)) === lanes)
  await oversized.restore(world)
  await heir.stop()
  return world.startRelay('mended')
}

/** Waits until a relay holds so many lanes by its own word; the usual relay has none. */
export async function hasLanes(world: World, relay: Worker, count: number): Promise<void> {
  if (world.arm === 'naive') return relay.waitReady()
  await relay.waitUntil(`${count} lanes`, () => relay.lanes.length >= count)
}
