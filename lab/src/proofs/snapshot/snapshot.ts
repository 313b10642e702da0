import { Client } from 'pg'
import { until } from '../../cluster/until.js'
import { judge } from '../oracle/oracle.js'
import { type Figures, figuresOf, problemsOf } from '../oracle/verdict.js'
import { Stage } from '../servers/stage.js'
import { World } from '../servers/world.js'
import type { Worker } from '../workers/worker.js'
import { Filling } from './filling.js'

/**
 * What stays open for the whole run. reader: a REPEATABLE READ transaction with a snapshot from before. xid: a transaction that
 * has a transaction id. sender: one that has enqueued a message of another key and does not commit.
 */
export const holdings = ['reader', 'xid', 'sender'] as const

/** One of them. */
export type Holding = (typeof holdings)[number]

/** One pair of runs, side by side: a database in which a transaction is held, and one in which none is. */
export interface Pair {
  readonly holding: Holding
  /** Rows a second while both relays worked. */
  readonly held: number
  readonly free: number
  /** What the oracle found in both. */
  readonly figures: Figures
  readonly problems: readonly string[]
}

/** The whole proof. */
export interface SnapshotProof {
  readonly holds: boolean
  readonly line: string
  readonly pairs: readonly Pair[]
}

/** The promise: at least so much of the undisturbed rate, whatever snapshot or transaction id is held. */
const ratioMin = 0.9
/** Told apart: the relay's read floor waits for open senders, so that one has its price; nothing may be missed all the same. */
const apart: Holding = 'sender'
const drainDeadlineMs = 180_000

/**
 * Held and undisturbed at the same time, in two databases of one server (a held snapshot keeps the dead rows of its own database
 * alone), with a relay each: whatever else the machine does meets both, which one run after the other would not.
 */
export async function proveSnapshot(
  { seed, rounds, rows, words }: { seed: number; rounds: number; rows: number; words: readonly string[] },
  say: (line: string) => void,
): Promise<SnapshotProof> {
  const chosen = holdings.filter((name) => words.every((word) => name.includes(word)))
  // The relays' bytes do not go through this process.
  const stage = await Stage.start({ proxied: false })
  const pairs: Pair[] = []
  try {
    for (let round = 1; round <= rounds; round++)
      for (const holding of chosen) {
        const pair = await measure(stage, holding, rows, seed + round)
        say(describe(pair, round))
        pairs.push(pair)
      }
  } finally {
    await stage.close(false)
  }
  return summary(pairs)
}

/** A world with its backlog, and what is held open in it. */
interface Side {
  readonly world: World
  readonly letGo: () => Promise<void>
}

async function measure(stage: Stage, holding: Holding, rows: number, seed: number): Promise<Pair> {
  const worlds: World[] = []
  try {
    const sides: Side[] = []
    for (const what of [holding, undefined]) {
      const label = what ?? 'free'
      const world = await World.create(stage, { arm: 'waybill', seed, label, ownPostgres: false })
      worlds.push(world)
      sides.push(await fill(world, what, rows, seed))
    }
    const relays = await Promise.all(worlds.map((world) => world.startRelay('relay', { usesDefaults: true })))
    const [held = 0, free = 0] = await race(relays, rows)
    const ends = await Promise.all(sides.map((side, at) => finish(side, relays[at])))
    return {
      holding,
      held,
      free,
      figures: added(ends.map((end) => end.figures)),
      problems: ends.flatMap((end) => end.problems),
    }
  } finally {
    await Promise.all(worlds.map((world) => world.close(false)))
  }
}

async function fill(world: World, holding: Holding | undefined, rows: number, seed: number): Promise<Side> {
  const filling = new Filling(world)
  world.atEnd(() => filling.close())
  await filling.start()
  const letGo = await hold(world, filling, holding)
  await filling.fill(rows, seed)
  return { world, letGo }
}

/** Rows a second of each relay, from when both are at work until one of them is through. */
async function race(relays: readonly Worker[], rows: number): Promise<readonly number[]> {
  for (const relay of relays) await relay.waitUntil('a first acknowledgement', () => relay.acknowledged > 0)
  const [startMs, before] = [performance.now(), relays.map(({ acknowledged }) => acknowledged)]
  const through = async (): Promise<boolean> => relays.some(({ acknowledged }) => acknowledged >= rows)
  await until(through, { what: `${rows} acknowledgements`, deadlineMs: drainDeadlineMs, everyMs: 2 })
  const seconds = (performance.now() - startMs) / 1_000
  return relays.map(({ acknowledged }, at) => (acknowledged - (before[at] ?? 0)) / seconds)
}

async function finish({ world, letGo }: Side, relay: Worker | undefined): Promise<Pick<Pair, 'figures' | 'problems'>> {
  // What is held stays until the backlog is through: all but the held message.
  await world.until(
    'a backlog that is through',
    async () => (await world.ledger.progress()).waiting === 0,
    drainDeadlineMs,
  )
  await letGo()
  await world.drained()
  await relay?.stop()
  const findings = judge(world.topic, await world.ledger.books(), await world.readTopic())
  return { figures: figuresOf(findings), problems: problemsOf(findings) }
}

/** Opens the transaction; the returned function ends it. */
async function hold(world: World, filling: Filling, holding: Holding | undefined): Promise<() => Promise<void>> {
  if (holding === undefined) return () => Promise.resolve()
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

function describe({ holding, held, free, figures, problems }: Pair, round: number): string {
  const counts = Object.entries(figures).map(([name, count]) => `${name}=${count}`)
  const rates = `held ${held.toFixed(0)} rows/s, free ${free.toFixed(0)} rows/s, ratio ${(held / free).toFixed(2)}`
  return [`round ${round} ${holding.padEnd(6)} ${rates}; ${counts.join(' ')}`, ...problems].join('\n      ')
}

/** The last line: medians; of reader and xid the one with the smaller ratio counts; and nothing missed in any run. */
export function summary(pairs: readonly Pair[]): SnapshotProof {
  const of = (holding: Holding): readonly Pair[] => pairs.filter((pair) => pair.holding === holding)
  const measured = holdings
    .filter((name) => of(name).length > 0)
    .map((name) => ({ name, ratio: median(of(name).map(({ held, free }) => held / free)), pairs: of(name) }))
    .toSorted((a, b) => a.ratio - b.ratio)
  const worst = measured.find(({ name }) => name !== apart)
  const total = added(pairs.map(({ figures }) => figures))
  const wrong = total.duplicates + total.reordered + total.wrongReceipts
  const isClean = total.lost + wrong === 0 && pairs.every(({ problems }) => problems.length === 0)
  const rate = (side: 'held' | 'free'): string => median((worst?.pairs ?? []).map((pair) => pair[side])).toFixed(0)
  const each = measured.map(({ name, ratio }) => `${name}=${ratio.toFixed(2)}`).join(' ')
  const line =
    `PROOF snapshot rate-held=${rate('held')} rate-free=${rate('free')} ratio=${worst?.ratio.toFixed(2) ?? 'none'}` +
    ` missed=${total.lost} ${each}${isClean ? '' : ' failed'}`
  return { holds: worst !== undefined && worst.ratio >= ratioMin && isClean, line, pairs }
}

function added(list: readonly Figures[]): Figures {
  const total = (name: keyof Figures): number => list.reduce((sum, each) => sum + each[name], 0)
  return {
    lost: total('lost'),
    duplicates: total('duplicates'),
    reordered: total('reordered'),
    wrongReceipts: total('wrongReceipts'),
  }
}

function median(list: readonly number[]): number {
  const sorted = list.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low, high] = [sorted[sorted.length % 2 === 1 ? middle : middle - 1], sorted[middle]]
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2
}
