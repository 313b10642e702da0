import { handwrittenTable } from './arm-handwritten.js'
import { ordersTable } from './business.js'
import { run } from './fill.js'
import { type BenchOptions, chosenArms } from './options.js'
import { type Result, resultLine, tableText, thousands } from './report.js'
import { Servers } from './servers.js'
import { beginStatements, writeStatements } from './statements.js'
import { median } from './statistics.js'
import { cpuSeconds, othersShare } from './usage.js'
import { Worker } from './worker.js'

const arms = ['none', 'handwritten', 'ordered', 'unordered'] as const
type EnqueueArm = (typeof arms)[number]

/** As many as a service's pool usually has. */
const connections = 8
/** Of the hand-written insert's rate, for messages with key order: what issue 5 promises. */
const goal = 0.92
const outboxRows: Readonly<Record<EnqueueArm, string | undefined>> = {
  none: undefined,
  handwritten: 'outbox',
  ordered: 'waybill.outbox',
  unordered: 'waybill.outbox',
}

interface EnqueueRun {
  readonly rate: number
  /** CPU microseconds a transaction. */
  readonly service: number
  readonly database: number
  readonly others: number
}

/** `bench enqueue`: what the outbox costs the business transaction. No relay runs. */
export async function enqueueBench(options: BenchOptions): Promise<Result> {
  const names = chosenArms(options.arms, arms)
  await using servers = await Servers.start({ statements: options.profiles !== undefined })
  const runs = new Map<EnqueueArm, EnqueueRun[]>(names.map((name) => [name, []]))
  for (let round = 0; round <= options.rounds; round++) {
    for (const arm of names) {
      const seconds = round === 0 ? 1 : options.seconds
      const result = await oneRun(servers, arm, round, seconds, options.profiles)
      // round 0 warms up the servers
      if (round > 0) runs.get(arm)?.push(result)
      const { rate, others } = result
      console.error(
        `round ${round} ${arm}: ${thousands(rate)} transactions/s, others' CPU ${Math.round(others * 100)} %`,
      )
    }
  }
  return report(runs, options)
}

async function oneRun(
  servers: Servers,
  arm: EnqueueArm,
  round: number,
  seconds: number,
  profiles: string | undefined,
): Promise<EnqueueRun> {
  const name = `enqueue_${arm}_${round}`
  const database = await servers.createDatabase(name)
  await run(database, [ordersTable, ...(arm === 'handwritten' ? [handwrittenTable] : [])])
  const settings = {
    brokers: servers.brokers,
    database,
    topic: 'bench.enqueue',
    writing: arm,
    relay: false,
    connections,
  }
  const worker = await Worker.start({
    name,
    module: 'enqueue-process.js',
    settings: { ...settings, seconds },
    folder: servers.folder,
    profile: profiles && `${profiles}/${name}.cpuprofile`,
  })
  try {
    await run(database, ['CHECKPOINT'])
    const watched = servers.watched([worker.pid])
    if (profiles !== undefined) await beginStatements(servers, name)
    worker.go()
    await worker.heard('warm', 30_000)
    const before = cpuSeconds(watched)
    const counted = (await worker.heard('counted', seconds * 1000 + 60_000)) as Counted
    const after = cpuSeconds(watched)
    if (profiles !== undefined) await writeStatements(servers, name, `${profiles}/${name}.statements.json`)
    await mustHaveWritten(servers, name, arm, counted.total)
    const micros = (used: number): number => (used * 1e6) / counted.transactions
    return {
      rate: (counted.transactions * 1000) / counted.ms,
      service: micros(after.arm - before.arm),
      database: micros(after.database - before.database),
      others: othersShare(before, after),
    }
  } finally {
    await worker.stop()
    await servers.dropDatabase(name)
  }
}

interface Counted {
  readonly transactions: number
  readonly total: number
  readonly ms: number
}

/** Every transaction must have written what it was to write, else its rate does not count. */
async function mustHaveWritten({ postgres }: Servers, database: string, arm: EnqueueArm, total: number): Promise<void> {
  for (const table of ['orders', outboxRows[arm]]) {
    if (table === undefined) continue
    const [row] = await postgres.query<{ rows: string }>(`SELECT count(*) AS rows FROM ${table}`, [], database)
    if (Number(row?.rows) !== total) throw new Error(`${arm}: ${total} transactions, but ${row?.rows} rows in ${table}`)
  }
}

function report(runs: ReadonlyMap<EnqueueArm, readonly EnqueueRun[]>, { rounds, seconds }: BenchOptions): Result {
  const of = (name: EnqueueArm, value: (run: EnqueueRun) => number): number => median((runs.get(name) ?? []).map(value))
  const rate = (name: EnqueueArm): number => of(name, (one) => one.rate)
  const rows = [...runs.keys()].map((name) => ({
    arm: name,
    'transactions/s': thousands(rate(name)),
    'CPU µs/transaction: service': of(name, (one) => one.service).toFixed(0),
    database: of(name, (one) => one.database).toFixed(0),
    "others' CPU": `${(100 * of(name, (one) => one.others)).toFixed(0)} %`,
  }))
  const ratio = rate('ordered') / rate('handwritten')
  const compared = runs.has('ordered') && runs.has('handwritten')
  const values: Record<string, number | string> = {}
  for (const name of runs.keys()) values[name] = Math.round(rate(name))
  if (compared) values['vs-handwritten'] = ratio.toFixed(3)
  if (runs.has('unordered') && runs.has('handwritten'))
    values['unordered-vs-handwritten'] = (rate('unordered') / rate('handwritten')).toFixed(3)
  return {
    title: `enqueue: ${connections} connections, ${seconds} s; median of ${rounds} rounds`,
    table: tableText(rows),
    line: resultLine('enqueue', values),
    holds: !compared || ratio >= goal,
    details: Object.fromEntries(runs),
  }
}
