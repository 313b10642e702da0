import type { FailpointName } from 'waybill/testing'
import { between } from '../../seeded.js'
import type { Worker } from '../../workers/worker.js'
import { allWaybillArms, type ConsumeArm, type ConsumeCase, isWaybill, naiveArms } from '../proof-case.js'
import { partitions } from '../scene.js'
import type { ConsumeWorld, MemberWish } from '../world.js'

/** restart: the same process is started again. takeover: a second member was there all along. */
type After = 'restart' | 'takeover'

interface Point {
  readonly name: FailpointName
  /** Which hit, from and to; the seed says which. */
  readonly hits: readonly [min: number, max: number]
  readonly arms: readonly ConsumeArm[]
}

/** Every await of the consumer that separates two effects. The usual consumers have some of them. */
const points: readonly Point[] = [
  { name: 'fetch:after-answer', hits: [1, 8], arms: allWaybillArms },
  { name: 'handle:before-transaction', hits: [30, 90], arms: [...allWaybillArms, ...naiveArms] },
  { name: 'handle:after-effects', hits: [30, 90], arms: [...allWaybillArms, 'classic', ...naiveArms] },
  { name: 'handle:after-transaction', hits: [1, 90], arms: ['inbox', 'batch'] },
  { name: 'progress:after-handled', hits: [1, 90], arms: allWaybillArms },
  { name: 'commit:before-send', hits: [1, 4], arms: [...allWaybillArms, 'classic'] },
  { name: 'commit:after-answer', hits: [1, 4], arms: allWaybillArms },
  { name: 'dead-letter:before-send', hits: [1, 6], arms: allWaybillArms },
  { name: 'dead-letter:after-receipt', hits: [1, 6], arms: allWaybillArms },
]
const afters: readonly After[] = ['restart', 'takeover']

export const messagesPerCase = 400
/** Of several members each has a part of the messages only. */
/** Messages of one call, about, where they are handled together: points of the handler are passed so much more rarely. */
const perBatch = 8
const naiveLater: Readonly<Record<After, number>> = { restart: 120, takeover: 10 }

/** kill -9 at each point, with a restart and with a take-over. */
export const killCases: readonly ConsumeCase[] = afters.flatMap((after) =>
  points.map(({ name, hits, arms }): ConsumeCase => {
    const deadLetters = name.startsWith('dead-letter')
    return {
      name: `kill ${name} ${after}`,
      hurts: 'processes',
      arms,
      // A letter that is sent twice is known by its message's id alone.
      headers: deadLetters || after === 'takeover',
      run: (world) => kill(world, { name, hits, after, deadLetters }),
    }
  }),
)

async function kill(
  world: ConsumeWorld,
  { name: failpoint, hits, after, deadLetters }: Pick<Point, 'name' | 'hits'> & { after: After; deadLetters: boolean },
): Promise<void> {
  // The usual consumers commit by a clock: they die when it has struck.
  const drawn = between(world.random, ...hits) + (isWaybill(world.arm) ? 0 : naiveLater[after])
  const hit = world.arm === 'batch' && hits[1] > perBatch ? Math.ceil(drawn / perBatch) : drawn
  world.notes.push(`hit ${hit}`)
  const late = deadLetters ? await lateReader(world) : undefined
  const wish: MemberWish = { deadLetters }
  if (after === 'restart') await world.messages.send(messagesPerCase)
  const survivor = after === 'takeover' ? await world.join('survivor', wish) : undefined
  if (survivor) await hasPartitions(world, survivor, partitions)
  const victim = await world.start('victim', { ...wish, doom: { failpoint, hit, ending: 'kill' } })
  if (survivor) {
    await hasPartitions(world, victim, 1)
    await world.messages.send(messagesPerCase)
  }
  await victim.meetFate()
  const heir = survivor ?? (await world.join('successor', wish))
  await world.allCommitted()
  await heir.stop()
  if (!late) return
  await world.allLettersCommitted()
  await late.stop()
}

/** Reads the dead letters and gives each its effect. */
async function lateReader(world: ConsumeWorld): Promise<Worker> {
  await world.stage.admin.createTopic(world.deadTopic, partitions)
  return world.join('late', { isLate: true })
}

/** Waits until a member has so many partitions; the usual consumers do not tell, they are in when they are ready. */
export async function hasPartitions(world: ConsumeWorld, member: Worker, count: number): Promise<void> {
  if (!isWaybill(world.arm)) return member.waitReady()
  await member.waitUntil(`${count} partitions`, () => member.partitions.size >= count)
}
