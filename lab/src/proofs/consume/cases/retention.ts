import { between } from '../../seeded.js'
import { type ConsumeCase, waybillArms } from '../proof-case.js'
import { partitions } from '../scene.js'
import type { ConsumeWorld, MemberWish } from '../world.js'
import { messagesPerCase } from './kill.js'

const goesOn: MemberWish = { options: { onLoss: 'continue' } }
const more = 120

/** Kafka deletes records that the group has not read: that must be told, with its extent, and nothing else may be missing. */
export const retentionCases: readonly ConsumeCase[] = [
  {
    name: 'records deleted below a stopped group, continue',
    hurts: 'processes',
    arms: waybillArms,
    run: deletedBelowStopped,
  },
  {
    name: 'records deleted below a stopped group, stop first',
    hurts: 'processes',
    arms: waybillArms,
    run: stopFirst,
  },
  { name: 'retention overtakes a slow group', hurts: 'processes', arms: waybillArms, run: overtaken },
]

/** A member handles a part and is killed; of what follows the older part is deleted. */
async function readThenDelete(world: ConsumeWorld): Promise<void> {
  const first = await world.join('first')
  await world.messages.send(messagesPerCase)
  await world.effectsAbove(between(world.random, messagesPerCase / 4, messagesPerCase / 2))
  await first.kill()
  await world.messages.send(more)
  await world.note()
  const ends = await world.ends()
  for (const [partition, end] of ends.entries())
    await world.stage.admin.deleteRecords(world.topic, partition, end - between(world.random, 5, 25))
}

async function deletedBelowStopped(world: ConsumeWorld): Promise<void> {
  await readThenDelete(world)
  const second = await world.join('second', goesOn)
  await world.messages.send(more)
  await world.allCommitted()
  await second.stop()
  mustHaveTold(world, 'retention')
}

/** By default the consumer stops with the finding; no position has moved then. */
async function stopFirst(world: ConsumeWorld): Promise<void> {
  await readThenDelete(world)
  const before = await world.committed()
  const second = await world.start('second')
  await second.endsWell()
  mustHaveTold(world, 'retention')
  const after = await world.committed()
  if (after.join() !== before.join())
    throw new Error(`the consumer stopped with a finding and moved positions from ${before.join()} to ${after.join()}`)
  const third = await world.join('third', goesOn)
  await world.allCommitted()
  await third.stop()
}

/** The group runs, too slowly for the topic's retention. */
async function overtaken(world: ConsumeWorld): Promise<void> {
  const slow = await world.join('slow', { ...goesOn, workMs: [400, 700] })
  await world.messages.send(messagesPerCase)
  await world.effectsAbove(10)
  await world.note()
  await world.stage.admin.alterTopic(world.topic, { 'retention.ms': '1500', 'segment.ms': '500' })
  // A segment is rolled when something is written to it, and deleted when its newest record is old.
  await world.until(
    'records that retention has taken',
    async () => {
      await world.messages.send(partitions)
      await world.note()
      return world.findings().some(({ finding }) => finding === 'retention')
    },
    40_000,
  )
  await world.stage.admin.alterTopic(world.topic, { 'retention.ms': '604800000' })
  await world.messages.send(more)
  await world.allCommitted()
  await slow.stop()
}

/** An experiment without its finding proves nothing. */
export function mustHaveTold(world: ConsumeWorld, finding: string): void {
  const told = world.findings().filter((each) => each.finding === finding)
  if (told.length === 0) throw new Error(`no member told '${finding}'`)
  world.notes.push(`${told.length} × ${finding}`)
}
