import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { kafkaJars } from '../../cluster/kafka-jars.js'
import { Brokers } from '../consume/brokers.js'
import { fillTopic } from '../consume/fill-topic.js'
import { nowork } from '../consume/workload.js'
import { type BenchOptions, chosenArms } from '../options.js'
import { findConsumingPeers } from '../peers.js'
import { type Result, resultLine, tableText, thousands } from '../report.js'
import { median } from '../statistics.js'
import { Worker } from '../worker.js'
import { type FetchArmName, type FetchSettings, fetchArmNames } from './arm.js'

// from lab/dist/src/bench/fetch to the source, which Java compiles when it starts
const host = fileURLToPath(new URL('../../../../src/bench/fetch/java/FetchHost.java', import.meta.url))
const topic = 'bench.fetch'
const replicationFactor = 3
const deadlineMs = 120_000
/** What issue 6 promises, messages a second. */
const goal = 600_000

/** `bench fetch`: how fast each client reads a topic whose records nobody handles. */
export async function fetchBench(options: BenchOptions): Promise<Result> {
  const { clientFolder } = await findConsumingPeers()
  const wanted = chosenArms(options.arms, fetchArmNames)
  const arms = wanted.filter((arm) => arm !== 'confluent' || clientFolder !== undefined)
  const { count, rounds, profiles } = options
  await using brokers = await Brokers.start()
  await fillTopic(brokers.admin, topic, nowork(count), replicationFactor)
  const rates = new Map<FetchArmName, number[]>(arms.map((arm) => [arm, []]))
  for (let round = 1; round <= rounds; round++)
    for (const arm of arms) {
      const name = `${arm}-fetch-${round}`
      const settings = { arm, brokers: brokers.addresses, topic, count, name, clientFolder }
      const ms = arm === 'java' ? await readWithJava(settings) : await readWithNode(settings, brokers.folder, profiles)
      rates.get(arm)?.push((count / ms) * 1_000)
      console.error(`round ${round} ${arm}: ${thousands((count / ms) * 1_000)} messages/s`)
    }
  return report(rates, options)
}

async function readWithNode(settings: FetchSettings, folder: string, profiles: string | undefined): Promise<number> {
  const { name } = settings
  const profile = profiles && `${profiles}/${name}.cpuprofile`
  const worker = await Worker.start({ name, module: './fetch/fetch-process.js', settings, folder, profile })
  try {
    worker.go()
    return msOf(await worker.heard('read', deadlineMs))
  } finally {
    if (profile === undefined) await worker.kill()
    else await worker.stop()
  }
}

async function readWithJava({ brokers, topic: from, count }: FetchSettings): Promise<number> {
  const jars = join(await kafkaJars(), '*')
  const java = ['-Xms512m', '-Xmx1g', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error', '-cp', jars, host]
  const args = [...java, brokers.join(','), from, String(count)]
  const { stdout } = await promisify(execFile)('java', args, { timeout: deadlineMs })
  return msOf(JSON.parse(stdout) as object)
}

function msOf(said: object): number {
  if ('ms' in said && typeof said.ms === 'number') return said.ms
  throw new Error(`not a reading: ${JSON.stringify(said)}`)
}

function report(rates: ReadonlyMap<FetchArmName, readonly number[]>, { rounds, count }: BenchOptions): Result {
  const rate = (arm: FetchArmName): number => median(rates.get(arm) ?? [])
  const own = rate('waybill')
  const rows = [...rates.keys()].map((arm) => ({
    arm,
    'messages/s': thousands(rate(arm)),
    'waybill is times as fast': rates.has('waybill') ? (own / rate(arm)).toFixed(2) : '-',
  }))
  const values: Record<string, string | number> = {}
  for (const arm of rates.keys()) values[arm] = Math.round(rate(arm))
  for (const arm of rates.keys())
    if (arm !== 'waybill' && rates.has('waybill')) values[`vs-${arm}`] = (own / rate(arm)).toFixed(2)
  return {
    title: `fetch: ${thousands(count)} records of 200 B, 8 partitions on three nodes, read to the end a second time by the same process; median of ${rounds} rounds`,
    table: tableText(rows),
    line: resultLine('fetch', values),
    holds: !rates.has('waybill') || own >= goal,
    details: Object.fromEntries(rates),
  }
}
