import { Client } from 'pg'
import { judge } from '../oracle/oracle.js'
import { type Figures, figuresOf, problemsOf } from '../oracle/verdict.js'
import { Stage } from '../servers/stage.js'
import { World } from '../servers/world.js'
import { Filling } from './filling.js'

/**
 * What stays open for the whole run. free: nothing. reader: a REPEATABLE READ transaction with a snapshot from before. xid: a
 * transaction that has a transaction id. sender: one that has enqueued a message of another key and does not commit.
 */
export const holdings = ['free', 'reader', 'xid', 'sender'] as const

/** One of them. */
export type Holding = (typeof holdings)[number]

/** One run: so many rows out of the outbox into the topic. */
export interface Run extends Figures {
  readonly holding: Holding
  /** Rows a second, from the first acknowledgement to the last. */
  readonly rate: number
  readonly problems: readonly string[]
}

/** The whole proof. */
export interface SnapshotProof {
  readonly holds: boolean
  readonly line: string
  readonly runs: readonly Run[]
}

/** The promise: at least so much of the undisturbed rate. */
const ratioMin = 0.9
const drainDeadlineMs = 120_000

/** Runs all holdings by turns, so that what else the machine does meets all of them. */
export async function proveSnapshot(
  { seed, rounds, rows, words }: { seed: number; rounds: number; rows: number; words: readonly string[] },
  say: (line: string) => void,
): Promise<SnapshotProof> {
  const chosen = holdings.filter((name) => name === 'free' || words.every((word) => name.includes(word)))
  // The relay's bytes do not go through this process.
  const stage = await Stage.start({ proxied: false })
  const runs: Run[] = []
  try {
    // The first run warms everything up and is not counted.
    for (let round = 0; round <= rounds; round++)
      for (const holding of round === 0 ? (['free'] as const) : turned(chosen, round)) {
        const run = await measure(stage, holding, rows, seed + round)
        say(describe(run, round))
        if (round > 0) runs.push(run)
      }
  } finally {
    await stage.close(false)
  }
  return summary(runs)
}

/** Each round begins with another one. */
function turned(list: readonly Holding[], by: number): readonly Holding[] {
  const at = by % list.length
  return [...list.slice(at), ...list.slice(0, at)]
}

async function measure(stage: Stage, holding: Holding, rows: number, seed: number): Promise<Run> {
  const world = await World.create(stage, { arm: 'waybill', seed, label: holding, ownPostgres: false })
  const filling = new Filling(world)
  world.atEnd(() => filling.close())
  try {
    await filling.start()
    const letGo = await hold(world, filling, holding)
    await filling.fill(rows, seed)
    const relay = await world.startRelay('relay', { usesDefaults: true })
    await relay.waitUntil('a first acknowledgement', () => relay.acknowledged > 0)
    const [startMs, before] = [performance.now(), relay.acknowledged]
    await relay.waitUntil(`${rows} acknowledgements`, () => relay.acknowledged >= rows, drainDeadlineMs)
    const rate = ((relay.acknowledged - before) / (performance.now() - startMs)) * 1_000
    await letGo()
    await world.drained()
    await relay.stop()
    const findings = judge(world.topic, await world.ledger.books(), await world.readTopic())
    return { holding, rate, ...figuresOf(findings), problems: problemsOf(findings) }
  } finally {
    await world.close(false)
  }
}

/** Opens the transaction; the returned function ends it. */
async function hold(world: World, filling: Filling, holding: Holding): Promise<() => Promise<void>> {
  if (holding === 'free') return () => Promise.resolve()
  if (holding === 'sender') {
    const held = await filling.hold()
    return () => held.commit()
  }
  const client = new Client({ connectionString: world.database })
  await client.connect()
  await client.query(holding === 'reader' ? 'BEGIN ISOLATION LEVEL REPEATABLE READ' : 'BEGIN')
  await client.query(holding === 'reader' ? 'SELECT count(*) FROM waybill.outbox' : 'SELECT pg_current_xact_id()')
  return async () => {
    await client.query('COMMIT')
    await client.end()
  }
}

function describe({ holding, rate, problems, lost, duplicates, reordered, wrongReceipts }: Run, round: number): string {
  const figures = `lost=${lost} duplicates=${duplicates} reordered=${reordered} wrong-receipts=${wrongReceipts}`
  const about = `${round === 0 ? 'warm-up' : `round ${round}`} ${holding.padEnd(6)} ${rate.toFixed(0).padStart(7)} rows/s ${figures}`
  return problems.length > 0 ? `${about}\n      ${problems.join('\n      ')}` : about
}

/** The last line: the slowest holding against the undisturbed runs, medians; and nothing missed in any run. */
export function summary(runs: readonly Run[]): SnapshotProof {
  const rateOf = (holding: Holding): number =>
    median(runs.filter((run) => run.holding === holding).map(({ rate }) => rate))
  const free = rateOf('free')
  const held = holdings.filter((name) => name !== 'free' && runs.some(({ holding }) => holding === name))
  const slowest = Math.min(...held.map(rateOf))
  const missed = runs.reduce((total, { lost }) => total + lost, 0)
  const wrong = runs.reduce(
    (total, run) => total + run.duplicates + run.reordered + run.wrongReceipts + run.problems.length,
    0,
  )
  const ratio = slowest / free
  const each = held.map((name) => `${name}=${rateOf(name).toFixed(0)}`).join(' ')
  const line =
    `PROOF snapshot rate-held=${slowest.toFixed(0)} rate-free=${free.toFixed(0)} ratio=${ratio.toFixed(2)} missed=${missed}` +
    ` ${each}${wrong > 0 ? ` wrong=${wrong}` : ''}`
  return { holds: ratio >= ratioMin && missed + wrong === 0 && held.length > 0, line, runs }
}

function median(list: readonly number[]): number {
  const sorted = list.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low, high] = [sorted[sorted.length % 2 === 1 ? middle : middle - 1], sorted[middle]]
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2
}
