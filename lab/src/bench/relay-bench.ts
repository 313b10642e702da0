import type { Arm, ArmName } from './arm.js'
import { debeziumArm } from './arm-debezium.js'
import { handwrittenArm } from './arm-handwritten.js'
import { limitArm } from './arm-limit.js'
import { waybillArm } from './arm-waybill.js'
import { measure, type Run } from './measure.js'
import { type BenchOptions, relayArms } from './options.js'
import { findPeers } from './peers.js'
import { type Result, resultLine, tableText, thousands } from './report.js'
import { Servers } from './servers.js'
import { beginStatements, writeStatements } from './statements.js'
import { median } from './statistics.js'

const partitions = 8
/** Rows before the counted ones, as a share of them. A JVM needs seconds until its code is compiled. */
const warmShare = 0.5
/** Rows of round 0. */
const warmUpCount = 20_000
/** What issue 5 promises: times the peer's rate. */
const goals = { debezium: 4, handwritten: 2.5 } as const

/** `bench relay`: rows that were committed before, into a topic. */
export async function relayBench(options: BenchOptions): Promise<Result> {
  const names = relayArms(options)
  const arms = await makeArms(names, options)
  await using servers = await Servers.start({ statements: options.profiles !== undefined })
  const runs = new Map<ArmName, Run[]>(names.map((name) => [name, []]))
  // Round 0 warms up the servers and does not count: fresh brokers answer at half their speed.
  for (let round = 0; round <= options.rounds; round++) {
    for (const arm of arms) {
      const run = await oneRun(arm, servers, round, options)
      if (round > 0) runs.get(arm.name)?.push(run)
      console.error(
        `round ${round} ${arm.name}: ${thousands(run.steady)} messages/s, others' CPU ${Math.round(run.others * 100)} %`,
      )
    }
  }
  return report(runs, options)
}

async function makeArms(names: readonly ArmName[], options: BenchOptions): Promise<Arm[]> {
  const needsPeers = names.includes('debezium') || names.includes('handwritten')
  const peers = needsPeers ? await findPeers(options.client) : undefined
  return names.map((name) => {
    switch (name) {
      case 'limit':
        return limitArm
      case 'waybill':
        return waybillArm
      case 'handwritten':
        return handwrittenArm(peers?.client ?? 'kafkajs', peers?.clientFolder)
      case 'debezium':
        return debeziumArm(peers?.debezium ?? '')
    }
  })
}

async function oneRun(arm: Arm, servers: Servers, round: number, options: BenchOptions): Promise<Run> {
  const name = `${arm.name}_${round}`
  const { profiles } = options
  const counted = round === 0 ? Math.min(options.count, warmUpCount) : options.count
  const warm = Math.round(counted * warmShare)
  const place = { servers, name, topic: `bench.${arm.name}.${round}`, warm, counted, profiles }
  await servers.createTopic(place.topic, partitions)
  await arm.prepare(place)
  try {
    const counts = profiles !== undefined && arm.name !== 'limit' // which has no database
    if (counts) await beginStatements(servers, name)
    const run = await measure(arm, place)
    if (counts) await writeStatements(servers, name, `${profiles}/${name}.statements.json`)
    return run
  } finally {
    await servers.dropDatabase(name)
  }
}

function report(runs: ReadonlyMap<ArmName, readonly Run[]>, { rounds, count }: BenchOptions): Result {
  const of = (name: ArmName, value: (run: Run) => number): number => median((runs.get(name) ?? []).map(value))
  const rate = (name: ArmName): number => of(name, ({ steady }) => steady)
  const ratio = (peer: keyof typeof goals): number => rate('waybill') / rate(peer)
  const rows = [...runs.keys()].map((name) => ({
    arm: name,
    'messages/s': thousands(rate(name)),
    'whole run': thousands(of(name, ({ whole }) => whole)),
    'best second': thousands(of(name, ({ best }) => best)),
    'CPU µs/message': of(name, ({ cpuMicros: { arm, database, brokers } }) => arm + database + brokers).toFixed(1),
    'of it arm': of(name, ({ cpuMicros }) => cpuMicros.arm).toFixed(1),
    database: of(name, ({ cpuMicros }) => cpuMicros.database).toFixed(1),
    brokers: of(name, ({ cpuMicros }) => cpuMicros.brokers).toFixed(1),
    "others' CPU": `${(100 * of(name, ({ others }) => others)).toFixed(0)} %`,
    'memory MiB': of(name, ({ memoryMiB }) => memoryMiB).toFixed(0),
  }))
  const compared = (['debezium', 'handwritten'] as const).filter((peer) => runs.has('waybill') && runs.has(peer))
  const values: Record<string, number | string> = {}
  for (const name of ['waybill', 'limit', 'debezium', 'handwritten'] as const)
    if (runs.has(name)) values[name] = Math.round(rate(name))
  for (const peer of compared) values[`vs-${peer}`] = ratio(peer).toFixed(2)
  return {
    title: `relay: ${thousands(count)} rows of 200 B, 8 partitions, RF 3, acks=all; after ${thousands(count * warmShare)} to warm up; median of ${rounds} rounds`,
    table: tableText(rows),
    line: resultLine('relay', values),
    holds: compared.every((peer) => ratio(peer) >= goals[peer]),
    details: Object.fromEntries(runs),
  }
}
