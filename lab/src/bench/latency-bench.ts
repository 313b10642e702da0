import { debeziumTable, startDebezium } from './arm-debezium.js'
import { handwrittenTable } from './arm-handwritten.js'
import type { Running } from './arm.js'
import { ordersTable, type Writing } from './business.js'
import { run } from './fill.js'
import { type BenchOptions, chosenArms } from './options.js'
import { findPeers, type Peers } from './peers.js'
import { type Result, resultLine, tableText } from './report.js'
import { Servers } from './servers.js'
import { beginStatements, writeStatements } from './statements.js'
import { median, percentile } from './statistics.js'
import { type CpuSeconds, cpuSeconds, othersShare } from './usage.js'
import { Worker } from './worker.js'

/** No outbox (the limit), waybill's relay in the service's process, and in another; the peers, which are always another. */
const arms = ['limit', 'same', 'other', 'handwritten', 'debezium'] as const
type LatencyArm = (typeof arms)[number]

const partitions = 8
/** As README advises for low latency: lanes that share a partition take turns. */
const lanes = partitions
const rate = 1000
const warmUpSeconds = 5
const connections = 16
/** From the commit's acknowledgement to the consumer, ms: what issue 5 promises for both places of the relay. */
const goals = { p50: 5, p99: 20 } as const
const writingOf: Readonly<Record<LatencyArm, Writing>> = {
  limit: 'handwritten',
  same: 'ordered',
  other: 'ordered',
  handwritten: 'handwritten',
  debezium: 'debezium',
}

interface LatencyRun {
  readonly p50: number
  readonly p99: number
  readonly max: number
  /** Transactions a second that were really made. */
  readonly rate: number
  /** Most transactions that were due and had to wait for a free connection. */
  readonly late: number
  /** Share of all cores, 0 to 1. */
  readonly others: number
  readonly cpu: Cpu
}

/** CPU per transaction, µs. Two cores have 2,000 a transaction at this rate: whoever needs more makes all wait. */
interface Cpu {
  readonly service: number
  readonly relay: number
  readonly database: number
  readonly brokers: number
  readonly consumer: number
}

/** `bench latency`: from the acknowledged commit to the consumer. */
export async function latencyBench(options: BenchOptions): Promise<Result> {
  const names = chosenArms(options.arms, arms)
  const needsPeers = names.includes('handwritten') || names.includes('debezium')
  const peers = needsPeers ? await findPeers(options.client) : undefined
  await using servers = await Servers.start({ statements: options.profiles !== undefined })
  const runs = new Map<LatencyArm, LatencyRun[]>(names.map((name) => [name, []]))
  for (let round = 1; round <= options.rounds; round++) {
    for (const arm of names) {
      const result = await oneRun({ servers, arm, peers, name: `latency_${arm}_${round}` }, options)
      runs.get(arm)?.push(result)
      const { p50, p99, others } = result
      console.error(
        `round ${round} ${arm}: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ${result.rate.toFixed(0)} transactions/s, ` +
          `CPU µs a transaction ${cpuText(result.cpu)}, others' CPU ${Math.round(others * 100)} %`,
      )
    }
  }
  return report(runs, options)
}

interface Scene {
  readonly servers: Servers
  readonly arm: LatencyArm
  readonly peers: Peers | undefined
  /** Of the database. */
  readonly name: string
}

async function oneRun(scene: Scene, { seconds, profiles }: BenchOptions): Promise<LatencyRun> {
  const { servers, arm, name } = scene
  const topic = `bench.${name}`
  const warm = warmUpSeconds * rate
  const count = warm + seconds * rate
  const { brokers, folder } = servers
  await servers.createTopic(topic, partitions)
  const database = await servers.createDatabase(name)
  await run(database, [ordersTable, ...tablesOf(arm)])
  const watcher = await Worker.start({
    name: `${name}_watch`,
    module: 'latency-watch-process.js',
    settings: { brokers, topic, count },
    folder,
  })
  const service = {
    brokers,
    database,
    topic,
    writing: writingOf[arm],
    relay: arm === 'same',
    connections,
    lanes,
    rate,
    count,
    direct: arm === 'limit',
  }
  const profile = profiles && `${profiles}/${name}.cpuprofile`
  const load = await Worker.start({
    name: `${name}_load`,
    module: 'latency-load-process.js',
    settings: service,
    folder,
    profile,
  })
  const relay = await startRelay(scene, topic, profiles && `${profiles}/${name}_relay.cpuprofile`)
  try {
    if (profiles !== undefined) await beginStatements(servers, name)
    const look = (): readonly CpuSeconds[] =>
      [[load.pid], relay?.pids ?? [], [watcher.pid]].map((pids) => cpuSeconds(servers.watched(pids)))
    const before = look()
    load.go()
    const committed = (await load.heard('committed', (count / rate) * 3000 + 60_000)) as Committed
    const seen = (await watcher.heard('seen', 60_000)) as Seen
    const after = look()
    if (profiles !== undefined) await writeStatements(servers, name, `${profiles}/${name}.statements.json`)
    return { ...latenciesOf(committed, seen, warm), ...usageOf(before, after, count) }
  } finally {
    await load.stop()
    await relay?.stop()
    await watcher.stop()
    await servers.dropDatabase(name)
  }
}

/** Looks at service, relay and consumer, in this order. */
function usageOf(
  before: readonly CpuSeconds[],
  after: readonly CpuSeconds[],
  count: number,
): Pick<LatencyRun, 'cpu' | 'others'> {
  const grown = (at: number, of: keyof CpuSeconds): number => (after[at]?.[of] ?? 0) - (before[at]?.[of] ?? 0)
  const [service, relay, consumer] = [grown(0, 'arm'), grown(1, 'arm'), grown(2, 'arm')]
  const [database, brokers] = [grown(0, 'database'), grown(0, 'brokers')]
  const micros = (seconds: number): number => (seconds * 1e6) / count
  return {
    cpu: {
      service: micros(service),
      relay: micros(relay),
      database: micros(database),
      brokers: micros(brokers),
      consumer: micros(consumer),
    },
    others: othersShare(together(before), together(after)),
  }
}

/** The three looks of one moment as one, the arm being all three. */
function together(looks: readonly CpuSeconds[]): CpuSeconds {
  const [first] = looks
  if (!first) throw new Error('internal error: nobody was looked at')
  return { ...first, arm: looks.reduce((sum, { arm }) => sum + arm, 0) }
}

function partsOf({ service, relay, database, brokers, consumer }: Cpu): readonly (readonly [string, number])[] {
  return Object.entries<number>({ service, relay, database, brokers, consumer })
}

function cpuText(cpu: Cpu): string {
  return partsOf(cpu)
    .map(([name, micros]) => `${name} ${micros.toFixed(0)}`)
    .join(', ')
}

interface Committed {
  readonly late: number
  readonly ms: number
  /** Per message, on the machine's clock; index 0 is unused. */
  readonly times: readonly number[]
}

interface Seen {
  readonly times: readonly number[]
}

/** Of the messages after the first `warm`. */
function latenciesOf(committed: Committed, seen: Seen, warm: number): Omit<LatencyRun, 'others' | 'cpu'> {
  const latencies = committed.times
    .slice(warm + 1)
    .map((atMs, index) => (seen.times[warm + 1 + index] ?? Number.NaN) - atMs)
  return {
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    max: percentile(latencies, 1),
    rate: ((committed.times.length - 1) * 1000) / committed.ms,
    late: committed.late,
  }
}

function tablesOf(arm: LatencyArm): readonly string[] {
  if (arm === 'debezium') return debeziumTable
  return arm === 'handwritten' || arm === 'limit' ? [handwrittenTable] : []
}

/** The relay of an arm that has one of its own; it works when this resolves, or soon after (Debezium). */
async function startRelay(
  { servers, arm, peers, name }: Scene,
  topic: string,
  profile: string | undefined,
): Promise<Running | undefined> {
  const { brokers, folder } = servers
  const database = servers.postgres.urlOf(name)
  if (arm === 'same' || arm === 'limit') return undefined
  if (arm === 'debezium') {
    // Tuned for latency; its defaults wait 500 ms for more.
    const running = await startDebezium(
      peers?.debezium ?? '',
      { servers, name, topic },
      { 'poll.interval.ms': '5' },
      { 'linger.ms': '0' },
    )
    await servers.untilReplicating()
    return running
  }
  const client = { client: peers?.client, clientFolder: peers?.clientFolder }
  const worker = await Worker.start({
    name: `${name}_relay`,
    module: arm === 'other' ? 'relay-process.js' : 'handwritten-process.js',
    settings: { brokers, database, topic, ...(arm === 'other' ? { lanes } : client) },
    folder,
    profile,
  })
  worker.go()
  return {
    pids: [worker.pid],
    go() {},
    mustRun: () => worker.mustRun(),
    async settled() {},
    stop: () => worker.stop(),
  }
}

function report(runs: ReadonlyMap<LatencyArm, readonly LatencyRun[]>, { rounds, seconds }: BenchOptions): Result {
  const of = (name: LatencyArm, value: (run: LatencyRun) => number): number => median((runs.get(name) ?? []).map(value))
  const p50 = (name: LatencyArm): number => of(name, (one) => one.p50)
  const p99 = (name: LatencyArm): number => of(name, (one) => one.p99)
  const rows = [...runs.keys()].map((name) => ({
    arm: name,
    'p50 ms': p50(name).toFixed(1),
    'p99 ms': p99(name).toFixed(1),
    'max ms': of(name, (one) => one.max).toFixed(0),
    'transactions/s': of(name, (one) => one.rate).toFixed(0),
    'late at most': of(name, (one) => one.late).toFixed(0),
    'CPU µs/tx': of(name, ({ cpu }) => partsOf(cpu).reduce((sum, [, part]) => sum + part, 0)).toFixed(0),
    "others' CPU": `${(100 * of(name, (one) => one.others)).toFixed(0)} %`,
  }))
  const values: Record<string, string> = {}
  for (const name of runs.keys()) {
    values[`${name}-p50`] = p50(name).toFixed(1)
    values[`${name}-p99`] = p99(name).toFixed(1)
  }
  const ours = (['same', 'other'] as const).filter((name) => runs.has(name))
  return {
    title: `latency: ${rate} transactions/s for ${seconds} s; commit acknowledged → visible to a consumer; median of ${rounds} rounds`,
    table: tableText(rows),
    line: resultLine('latency', values),
    holds: ours.every((name) => p50(name) <= goals.p50 && p99(name) <= goals.p99),
    details: Object.fromEntries(runs),
  }
}
