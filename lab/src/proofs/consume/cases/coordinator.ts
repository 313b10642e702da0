import { between } from '../../seeded.js'
import type { Worker } from '../../workers/worker.js'
import { bothProtocols, type ConsumeCase, waybillArms } from '../proof-case.js'
import { partitions } from '../scene.js'
import type { ConsumeWorld } from '../world.js'

const offsetsTopic = '__consumer_offsets'
/** `offsets.topic.num.partitions` of the lab. */
const offsetsPartitions = 2
const moves = 4
/** For each fault, so that messages last for all of them: some 15 s. */
const arriving = { count: 1_500, pauseMs: 120 }

/** What happens to the broker that keeps the group. The brokers are everybody's, so these cases run alone. */
export const coordinatorCases: readonly ConsumeCase[] = [
  {
    name: 'coordinator killed and restarted',
    hurts: 'cluster',
    arms: bothProtocols,
    run: (world) => killCoordinator(world, 1),
  },
  {
    name: '__consumer_offsets: each of its leaders killed in turn',
    hurts: 'cluster',
    arms: waybillArms,
    run: (world) => killCoordinator(world, 3),
  },
  { name: '__consumer_offsets: leader moved four times', hurts: 'cluster', arms: waybillArms, run: moveLeader },
]

/** kill -9 of the node that leads the group's partition of `__consumer_offsets`; another replica of it takes over. */
async function killCoordinator(world: ConsumeWorld, rounds: number): Promise<void> {
  await consuming(world, rounds, async () => {
    for (let round = 0; round < rounds; round++) {
      const id = await world.stage.admin.coordinatorOf(world.group)
      const node = world.stage.kafka.node(id)
      world.notes.push(`node ${id}`)
      await node.kill()
      try {
        await world.until('another coordinator', async () => {
          return (await world.stage.admin.coordinatorOf(world.group)) !== id
        })
        await moreEffects(world)
      } finally {
        await node.restart()
      }
      await world.stage.admin.untilWhole(offsetsTopic, offsetsPartitions)
      await world.stage.admin.untilWhole(world.topic, partitions)
    }
  })
}

/** No node dies, but the group wanders: positions and members must be found at each of its coordinators. */
async function moveLeader(world: ConsumeWorld): Promise<void> {
  await consuming(world, 1, async () => {
    for (let move = 0; move < moves; move++) {
      const leader = await world.stage.admin.moveLeader(offsetsTopic, partitionOf(world.group))
      world.notes.push(`to ${leader}`)
      await world.until('its coordinator', async () => {
        return (await world.stage.admin.coordinatorOf(world.group)) === leader
      })
      await moreEffects(world)
    }
  })
}

/** Two members at work while messages arrive, before, during and after `fault`. */
async function consuming(world: ConsumeWorld, faults: number, fault: () => Promise<void>): Promise<void> {
  const crew: Worker[] = [await world.join('one'), await world.join('two')]
  const sending = world.messages.send(arriving.count * faults, arriving)
  await world.effectsAbove(between(world.random, 40, 120))
  await Promise.all([fault(), sending])
  await world.allCommitted()
  await Promise.all(crew.map((member) => member.stop()))
}

/** The group goes on; where all is handled already there is nothing more to see. */
async function moreEffects(world: ConsumeWorld): Promise<void> {
  const before = await world.effects.count()
  await world.until('effects after the fault', async () => {
    const now = await world.effects.count()
    return now > before + 20 || now >= world.messages.count
  })
}

/** As Kafka does it: Java's hash of the group's name. */
export function partitionOf(group: string): number {
  let hash = 0
  for (const char of group) hash = (Math.imul(hash, 31) + (char.codePointAt(0) ?? 0)) | 0
  return (hash & 0x7fffffff) % offsetsPartitions
}
