import { fillOutbox, setAside } from './fill-outbox.js'
import { run } from './fill.js'
import { Observer } from './observer.js'
import type { BenchOptions } from './options.js'
import { ratesOf } from './rate-window.js'
import { type Result, resultLine, tableText, thousands } from './report.js'
import { Servers } from './servers.js'
import { beginStatements, writeStatements } from './statements.js'
import { median } from './statistics.js'
import { mustHoldAll } from './topic-check.js'
import { type CpuSeconds, cpuSeconds, othersShare } from './usage.js'
import { Worker } from './worker.js'

/** How far the rate may fall: what issue 5 promises. */
const fallMax = 0.2
const usualPartitions = 8
const usualRows = 100_000
const smallest = 10_000
/** Backlogs that drain in a tenth of a second are drained this often a round, and the median counts. */
const drainsOfSmallest = 7
const deadlineMs = 180_000

/** A backlog and a topic. */
interface Size {
  readonly rows: number
  readonly partitions: number
}

interface GrowthRun {
  readonly rate: number
  /** CPU microseconds a message: relay, database and brokers together. */
  readonly cpuMicros: number
  readonly others: number
}

/** `bench growth`: waybill's relay with growing backlogs and topics; the peers are not asked. */
export async function growthBench(options: BenchOptions): Promise<Result> {
  const backlogs = [smallest, usualRows, options.count].filter((rows) => rows <= options.count)
  const sizes: Size[] = [...new Set(backlogs)].map((rows) => ({ rows, partitions: usualPartitions }))
  for (const partitions of [1, 64]) sizes.push({ rows: Math.min(usualRows, options.count), partitions })
  const { profiles } = options
  await using servers = await Servers.start({ statements: profiles !== undefined })
  const runs = new Map<Size, GrowthRun[]>(sizes.map((size) => [size, []]))
  await oneSize(servers, { rows: smallest, partitions: usualPartitions }, 0) // warms up the servers
  for (let round = 1; round <= options.rounds; round++) {
    for (const size of sizes) {
      const result = await oneSize(servers, size, round, profiles)
      runs.get(size)?.push(result)
      console.error(
        `round ${round} ${nameOf(size)}: ${thousands(result.rate)} messages/s, others' CPU ${Math.round(result.others * 100)} %`,
      )
    }
  }
  return report(runs, options)
}

function nameOf({ rows, partitions }: Size): string {
  return `${thousands(rows)} rows, ${partitions} partitions`
}

/**
 * A relay that has sent some messages already meets a backlog that becomes visible in one moment: rows made before are moved into
 * the outbox in one transaction. So the rate is that of the backlog, not that of a start.
 */
async function oneSize(
  servers: Servers,
  { rows, partitions }: Size,
  round: number,
  profiles?: string,
): Promise<GrowthRun> {
  const name = `growth_${rows}_${partitions}_${round}`
  const topic = `bench.${name}`
  const drains = rows <= smallest ? drainsOfSmallest : 1
  const warm = smallest * 2
  const count = warm + rows * drains
  await servers.createTopic(topic, partitions)
  const database = await servers.createDatabase(name)
  await fillOutbox(servers, database, topic, count)
  await setAside(database)
  const worker = await Worker.start({
    name,
    module: 'relay-process.js',
    settings: { brokers: servers.brokers, database },
    folder: servers.folder,
    profile: profiles && `${profiles}/${name}.cpuprofile`,
  })
  const observer = await Observer.connect(servers.brokers, topic)
  const watched = servers.watched([worker.pid])
  const drain = async (from: number, total: number): Promise<{ rate: number; used: Looks }> => {
    const giveUp = (): void => worker.mustRun()
    await run(database, [moveBack(from, total)])
    const before = cpuSeconds(watched)
    const sightings = await observer.watch({ from, total, deadlineMs, everyMs: 5, giveUp })
    return { rate: ratesOf(sightings, { warm: 0, counted: total }).steady, used: [before, cpuSeconds(watched)] }
  }
  try {
    worker.go()
    await drain(0, warm)
    if (profiles !== undefined) await beginStatements(servers, name)
    const results: { readonly rate: number; readonly used: Looks }[] = []
    for (let at = 0; at < drains; at++) results.push(await drain(warm + at * rows, rows))
    if (profiles !== undefined) await writeStatements(servers, name, `${profiles}/${name}.statements.json`)
    const rate = median(results.map((one) => one.rate))
    const others = median(results.map(({ used }) => othersShare(...used)))
    return { rate, cpuMicros: median(results.map(({ used }) => cpuMicros(used, rows))), others }
  } finally {
    await worker.stop()
    await observer.close()
    await mustHoldAll(servers.brokers, topic, count)
    await servers.dropDatabase(name)
  }
}

type Looks = readonly [before: CpuSeconds, after: CpuSeconds]

function cpuMicros([before, after]: Looks, count: number): number {
  const all = ({ arm, database, brokers }: CpuSeconds): number => arm + database + brokers
  return ((all(after) - all(before)) * 1e6) / count
}

/** In one transaction, so they appear at once. */
function moveBack(from: number, count: number): string {
  return `INSERT INTO waybill.outbox (lane, message_id, topic, key, headers, value, created_at)
    SELECT lane, message_id, topic, key, headers, value, created_at FROM staged WHERE id > ${from} AND id <= ${from + count} ORDER BY id`
}

function report(runs: ReadonlyMap<Size, readonly GrowthRun[]>, { rounds }: BenchOptions): Result {
  const sizes = [...runs.keys()]
  const rate = (size: Size): number => median((runs.get(size) ?? []).map((one) => one.rate))
  const fall = (of: readonly Size[]): number => {
    const [first = Number.NaN, ...more] = of.map(rate)
    return Math.max(0, ...more.map((later) => 1 - later / first))
  }
  const byRows = sizes.filter(({ partitions }) => partitions === usualPartitions)
  const middle = byRows.filter(({ rows }) => rows === usualRows)
  const byPartitions = [...sizes.filter(({ partitions }) => partitions !== usualPartitions), ...middle]
  byPartitions.sort((a, b) => a.partitions - b.partitions)
  const falls = { rows: fall(byRows), partitions: fall(byPartitions) }
  const rows = sizes.map((size) => ({
    backlog: nameOf(size),
    'messages/s': thousands(rate(size)),
    'CPU µs/message': median((runs.get(size) ?? []).map((one) => one.cpuMicros)).toFixed(1),
    "others' CPU": `${(100 * median((runs.get(size) ?? []).map(({ others }) => others))).toFixed(0)} %`,
  }))
  const values: Record<string, number | string> = {}
  for (const size of byRows) values[`rows-${size.rows}`] = Math.round(rate(size))
  for (const size of byPartitions) values[`partitions-${size.partitions}`] = Math.round(rate(size))
  values['fall-rows'] = falls.rows.toFixed(2)
  values['fall-partitions'] = falls.partitions.toFixed(2)
  return {
    title: `growth: waybill's relay, rows of 200 B; median of ${rounds} rounds`,
    table: tableText(rows),
    line: resultLine('growth', values),
    holds: falls.rows <= fallMax && falls.partitions <= fallMax,
    details: Object.fromEntries(sizes.map((size) => [nameOf(size), runs.get(size)])),
  }
}
