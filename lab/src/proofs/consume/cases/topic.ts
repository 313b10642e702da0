import { bothProtocols, type ConsumeCase } from '../proof-case.js'
import { partitions } from '../scene.js'
import type { ConsumeWorld } from '../world.js'
import { hasPartitions, messagesPerCase } from './kill.js'

/** Fewer than before, so that positions of the old topic lie beyond the new one's ends. */
const fewer = 150

/** The topic is deleted and created again under the same name: positions of the old one must not count for the new one. */
export const topicCases: readonly ConsumeCase[] = [
  {
    name: 'topic re-created while its member runs',
    hurts: 'processes',
    arms: bothProtocols,
    run: (world) => recreated(world, true),
  },
  {
    name: 'topic re-created while no member runs',
    hurts: 'processes',
    arms: bothProtocols,
    run: (world) => recreated(world, false),
  },
]

async function recreated(world: ConsumeWorld, runs: boolean): Promise<void> {
  let member = await world.join('member')
  await hasPartitions(world, member, partitions)
  await world.messages.send(messagesPerCase)
  await world.allCommitted()
  await world.note()
  if (!runs) await member.stop()
  await world.stage.admin.deleteTopic(world.topic)
  await world.stage.admin.createTopic(world.topic, partitions)
  await world.beginLife()
  await world.messages.send(fewer)
  if (!runs) member = await world.join('later')
  await world.allCommitted()
  await member.stop()
}
