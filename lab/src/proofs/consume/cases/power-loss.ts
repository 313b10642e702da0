import { stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { between } from '../../seeded.js'
import { type ConsumeCase, waybillArms } from '../proof-case.js'
import { partitions } from '../scene.js'
import type { ConsumeWorld } from '../world.js'
import { messagesPerCase, hasPartitions } from './kill.js'
import { mustHaveTold } from './retention.js'

const firstSegment = '00000000000000000000.log'
/** More than the log loses, so that new records take the offsets that the group has read. */
const more = 300

/**
 * All nodes lose their power, and with it what the page cache held: kill -9 of all, and the ends of the segment files are cut off.
 * The group's positions lie beyond the ends then.
 */
export const powerLossCases: readonly ConsumeCase[] = [
  {
    name: 'truncation by power loss under a running member',
    hurts: 'cluster',
    arms: waybillArms,
    run: (world) => powerLoss(world, true),
  },
  {
    name: 'truncation by power loss under a stopped member',
    hurts: 'cluster',
    arms: waybillArms,
    headers: true,
    run: (world) => powerLoss(world, false),
  },
  { name: 'truncation by power loss under a slow member', hurts: 'cluster', arms: waybillArms, run: slowly },
]

async function powerLoss(world: ConsumeWorld, runs: boolean): Promise<void> {
  let member = await world.join('member', { options: { onLoss: 'continue' } })
  await hasPartitions(world, member, partitions)
  await world.messages.send(messagesPerCase)
  await world.allCommitted()
  await world.note()
  const before = await world.ends()
  if (!runs) await member.stop()
  await cutAll(world, before)
  if (runs) await world.until('the finding', () => world.findings().some(({ finding }) => finding === 'truncated'))
  await world.messages.send(more)
  if (!runs) member = await world.join('later', { options: { onLoss: 'continue' } })
  await world.allCommitted()
  await member.stop()
  mustHaveTold(world, 'truncated')
}

/**
 * The member has records in memory that it has not handled; of some of them the log knows nothing any more, the others must be
 * handled. What was cut and not handled is lost by Kafka, and nothing else.
 */
async function slowly(world: ConsumeWorld): Promise<void> {
  const member = await world.join('slow', { workMs: [250, 400], options: { onLoss: 'continue' } })
  await hasPartitions(world, member, partitions)
  await world.messages.send(messagesPerCase)
  await world.effectsAbove(between(world.random, 40, 80))
  await world.note()
  const ends = await cutAll(world, await world.ends())
  for (const [partition, end] of ends.entries())
    world.taken.push({ life: 0, partition, from: end, to: Number.MAX_SAFE_INTEGER })
  await world.messages.send(more)
  await world.allCommitted()
  await member.stop()
}

/** Cuts all partitions while no node lives; resolves to the new ends. */
async function cutAll(world: ConsumeWorld, before: readonly number[]): Promise<readonly number[]> {
  const { nodes } = world.stage.kafka
  await Promise.all(nodes.map((node) => node.kill()))
  for (let partition = 0; partition < partitions; partition++) await cut(world, partition)
  await Promise.all(nodes.map((node) => node.launch()))
  await world.stage.kafka.ready()
  await world.stage.admin.untilWhole(world.topic, partitions)
  const after = await world.ends()
  world.notes.push(`${before.reduce((sum, end, at) => sum + end - (after[at] ?? 0), 0)} records gone`)
  if (before.some((end, at) => (after[at] ?? 0) >= end)) throw new Error(`nothing was cut: ${before} ${after}`)
  await world.beginLife()
  return after
}

/** The same cut on all nodes, between a third and two thirds of the log, wherever that falls. */
async function cut(world: ConsumeWorld, partition: number): Promise<void> {
  const files = world.stage.kafka.nodes.map(({ dataFolder }) =>
    join(dataFolder, `${world.topic}-${partition}`, firstSegment),
  )
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size))
  const size = Math.floor((Math.min(...sizes) * between(world.random, 33, 66)) / 100)
  await Promise.all(files.map((file) => truncate(file, size)))
}
