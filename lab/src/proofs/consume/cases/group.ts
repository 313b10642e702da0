import { bothProtocols, type ConsumeCase } from '../proof-case.js'
import { partitions } from '../scene.js'
import type { ConsumeWorld } from '../world.js'
import { hasPartitions, messagesPerCase } from './kill.js'

const more = 100

/** The group with all its positions is taken away under its member. */
export const groupCases: readonly ConsumeCase[] = [
  { name: 'group deleted while its member sleeps', hurts: 'processes', arms: bothProtocols, run: deleted },
]

/**
 * Kafka refuses to delete a group that has members; a member that was stopped for longer than its session is none. It wakes up
 * and finds no positions any more: everything is read again from the beginning. That is what deleting them means, so without
 * the inbox everything that was handled may be handled once more; nothing may be left out.
 */
async function deleted(world: ConsumeWorld): Promise<void> {
  const member = await world.join('member')
  await hasPartitions(world, member, partitions)
  if (await world.stage.admin.deleteGroup(world.group)) throw new Error('Kafka deleted a group with a member')
  await world.messages.send(messagesPerCase)
  await world.effectsAbove(messagesPerCase / 2)
  member.freeze()
  await world.until('the group to be deleted', () => world.stage.admin.deleteGroup(world.group))
  world.allowance = await world.effects.count()
  world.notes.push(`at ${world.allowance} effects`)
  const { losses } = member
  member.thaw()
  await world.until('the member was told and is back', () => member.losses > losses && member.partitions.size > 0)
  await world.messages.send(more)
  await world.allCommitted()
  await member.stop()
}
