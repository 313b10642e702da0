import { type BenchOptions, chosenArms } from '../options.js'
import { type ConsumingPeers, findConsumingPeers } from '../peers.js'
import type { Result } from '../report.js'
import { type ArmName, armNames } from './arm.js'
import { Brokers } from './brokers.js'
import { type Around, type ConsumeRun, consumeRun } from './consume-run.js'
import { consumeReport, type Found } from './consume-report.js'
import { fillTopic } from './fill-topic.js'
import { safetyRun } from './safety-run.js'
import { safetyWork, warmWork, type Workload, workloads } from './workload.js'

const replicationFactor = 3

/** `bench consume`: the same topics through every arm, until everything is committed. */
export async function consumeBench(options: BenchOptions): Promise<Result> {
  const wanted = chosenArms(options.arms, armNames)
  const peers = await findConsumingPeers()
  const arms = wanted.filter((arm) => isThere(arm, peers))
  const works = workloads(options.work, options)
  await using brokers = await Brokers.start()
  const [safety, warm] = [safetyWork(), warmWork()]
  for (const work of [warm, safety, ...works]) await fillTopic(brokers.admin, topicOf(work), work, replicationFactor)
  const topics = { warm: topicOf(warm), warmWork: warm, of: topicOf }
  const around: Around = { brokers, topics, programs: { ...peers, profiles: options.profiles } }
  const found: Found = { runs: new Map(), safety: new Map() }
  for (let round = 1; round <= options.rounds; round++)
    for (const work of works)
      for (const arm of arms) if (runsIn(arm, work, round)) await oneRun(arm, work, round, around, found)
  if (options.work.includes('safety'))
    for (const arm of arms) found.safety.set(arm, await safetyRun(arm, safety, around))
  return consumeReport(found, works, arms, options.rounds)
}

async function oneRun(arm: ArmName, work: Workload, round: number, around: Around, { runs }: Found): Promise<void> {
  const run = await consumeRun(arm, work, round, around)
  const ofWork = runs.get(work) ?? new Map<ArmName, ConsumeRun[]>()
  runs.set(work, ofWork)
  ofWork.set(arm, [...(ofWork.get(arm) ?? []), run])
  const [committed, handled] = [run.committed.toFixed(2), run.handled.toFixed(2)]
  const others = Math.round(run.others * 100)
  console.error(
    `round ${round} ${work.title} ${arm}: committed ${committed} s, handled ${handled} s, others' CPU ${others} %`,
  )
}

function isThere(arm: ArmName, { jars, clientFolder }: ConsumingPeers): boolean {
  if (arm === 'confluent') return clientFolder !== undefined
  return (arm !== 'parallel' && arm !== 'java') || jars !== undefined
}

/** One message of a partition at a time takes half a minute for W1 and W2, whatever the client: once is enough. */
function runsIn(arm: ArmName, work: Workload, round: number): boolean {
  const isSerial = arm !== 'waybill' && arm !== 'parallel'
  if (!isSerial || work.name === 'nowork') return true
  if (work.name === 'w2' && arm === 'java') return true
  return round === 1 && (work.name === 'w1-1000' || work.name === 'w2')
}

function topicOf({ name }: Workload): string {
  return `bench.consume.${name}`
}
