import { setTimeout as sleep } from 'node:timers/promises'
import type { Worker } from '../../workers/worker.js'
import { bothProtocols, type ConsumeCase } from '../proof-case.js'
import type { ConsumeWorld } from '../world.js'

const members = 4
const everyMs = 2_000
const forMs = 60_000
/** One in so many leaves by kill -9, the others as they should. */
const killedOneIn = 4

/** One of four members goes and another one comes, every two seconds for a minute, while messages arrive. */
export const rebalanceCases: readonly ConsumeCase[] = [
  {
    name: 'a rebalance every 2 s for 60 s with 4 members',
    hurts: 'processes',
    arms: bothProtocols,
    seconds: 75,
    run: rebalances,
  },
]

async function rebalances(world: ConsumeWorld): Promise<void> {
  const crew: Worker[] = []
  const leaving: Promise<Error | undefined>[] = []
  for (let name = 1; name <= members; name++) crew.push(await world.join(`member-${name}`))
  const startMs = performance.now()
  let rounds = 0
  let killed = 0
  const arriving = failureOf(arrivals(world, startMs + forMs))
  while (performance.now() < startMs + forMs) {
    await sleep(Math.max(0, startMs + rounds * everyMs - performance.now()))
    rounds++
    const goes = crew.shift()
    if (goes && world.random() < 1 / killedOneIn) {
      killed++
      await goes.kill()
    } else if (goes) leaving.push(failureOf(goes.stop()))
    crew.push(await world.start(`member-${members + rounds}`))
  }
  for (const failure of await Promise.all([arriving, ...leaving])) if (failure) throw failure
  world.notes.push(`${rounds} rounds, ${killed} killed`)
  await world.allCommitted()
  await Promise.all(crew.map((member) => member.stop()))
}

/** What goes wrong while nobody waits for it must fail its case, and not end the proof. */
function failureOf(work: Promise<void>): Promise<Error | undefined> {
  return work.then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  )
}

/** Messages all the time, some 60 a second. */
async function arrivals(world: ConsumeWorld, untilMs: number): Promise<void> {
  while (performance.now() < untilMs) await world.messages.send(60, { pauseMs: 200 })
}
