import type { FailpointName } from 'waybill/testing'
import { between } from '../../seeded.js'
import { bothProtocols, type ConsumeCase, waybillArms } from '../proof-case.js'
import { partitions } from '../scene.js'
import type { ConsumeWorld } from '../world.js'
import { hasPartitions, messagesPerCase } from './kill.js'

const points: readonly (readonly [FailpointName, hitMax: number])[] = [
  ['fetch:after-answer', 6],
  ['handle:before-transaction', 60],
  ['handle:after-effects', 60],
  ['progress:after-handled', 60],
  ['commit:before-send', 4],
  ['commit:after-answer', 4],
]
/** Messages that the zombie meets when it wakes up. */
const more = 100

/** SIGSTOP of a member past its session while another one takes over, and CONT: the zombie goes on where it stood. */
export const freezeCases: readonly ConsumeCase[] = [
  ...points.map(
    ([failpoint, hitMax], at): ConsumeCase => ({
      name: `freeze ${failpoint} past the session`,
      hurts: 'processes',
      arms: waybillArms,
      headers: at % 2 === 0,
      run: (world) => freeze(world, failpoint, hitMax),
    }),
  ),
  {
    name: 'freeze at any moment past the session',
    hurts: 'processes',
    arms: bothProtocols,
    run: (world) => freeze(world),
  },
]

async function freeze(world: ConsumeWorld, failpoint?: FailpointName, hitMax = 1): Promise<void> {
  const hit = between(world.random, 1, hitMax)
  const survivor = await world.join('survivor')
  await hasPartitions(world, survivor, partitions)
  const victim = await world.start('victim', failpoint ? { doom: { failpoint, hit, ending: 'freeze' } } : {})
  await hasPartitions(world, victim, 1)
  await world.messages.send(messagesPerCase)
  if (failpoint) await victim.meetFate()
  else {
    await world.effectsAbove(between(world.random, 50, 150))
    victim.freeze()
  }
  world.notes.push(failpoint ? `hit ${hit}` : `at ${await world.effects.count()} effects`)
  await hasPartitions(world, survivor, partitions)
  await restOf(world)
  const { losses } = victim
  victim.thaw()
  await world.until('the zombie was told and has a partition again', () => {
    return victim.losses > losses && victim.partitions.size > 0
  })
  await world.messages.send(more)
  await world.allCommitted()
  await Promise.all([survivor.stop(), victim.stop()])
}

/**
 * The other member has done what can be done. A process that is frozen inside a handler's transaction keeps its inbox entry
 * locked, so that this one message, and its key, may have to wait until it wakes.
 */
async function restOf(world: ConsumeWorld): Promise<void> {
  let last = -1
  await world.until('effects that come to rest', async () => {
    const before = last
    last = await world.effects.count()
    if (last !== before) await new Promise((resolve) => setTimeout(resolve, 700))
    return last === before && last > 0
  })
}
