import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { PGlite } from '@electric-sql/pglite'
import type { Flight } from '../../../src/model/flight.js'
import type { OutboxStore, Step, StepResult } from '../../../src/ports/outbox-store.js'
import type { Transactions } from '../../../src/ports/transactions.js'
import { memoryStore } from '../../../src/stores/memory/store.js'
import { memoryTransactions } from '../../../src/stores/memory/transactions.js'
import { usualCall, usualRowsMax } from '../../../src/stores/postgres/usual-steps.js'
import { message } from '../../../src/testing/store/scene.js'
import { pgliteWorld } from './pglite-world.js'
import { seededPicks } from '../seeded-picks.js'

// A usual turn of the relay is done by one statement, anything else step by step. Which way was taken must never show.

type Claim = Extract<Step, { kind: 'claim' }>
type Mark = Extract<Step, { kind: 'mark' }>

const place = { lane: 0, topic: 'a', partition: 0, incarnation: { producerId: 7, producerEpoch: 0 } } as const
const claim: Claim = {
  ...{ kind: 'claim', fence: 1, ...place, topicId: 't', firstSequence: 5, rowIds: [1, 2], openedAtOffset: 0 },
}
const mark: Mark = {
  ...{ kind: 'mark', fence: 1, flight: { ...place, firstSequence: 4 }, baseOffset: 9, leaderEpoch: 0 },
}

test('a mark and then a claim of a stream, and those of other streams, are usual', () => {
  const other = { ...claim, partition: 1, rowIds: [3] }
  for (const steps of [[mark], [claim], [mark, claim], [mark, other, claim], [other, mark, claim]])
    assert(usualCall(steps), JSON.stringify(steps))
})

test('what depends on the order of the steps, or is large or rare, goes step by step', () => {
  const unusual: Readonly<Record<string, readonly Step[]>> = {
    'a mark after the claim of its stream': [claim, mark],
    'two marks of a stream': [mark, mark],
    'two claims of a stream': [claim, { ...claim, rowIds: [3] }],
    'a row in two claims': [claim, { ...claim, partition: 1 }],
    'a row twice in a claim': [{ ...claim, rowIds: [1, 1] }],
    'no row': [{ ...claim, rowIds: [] }],
    'many rows': [{ ...claim, rowIds: Array.from({ length: usualRowsMax + 1 }, (_, i) => i + 1) }],
    'a first sequence of 0': [{ ...claim, firstSequence: 0 }],
    'another incarnation after the mark': [mark, { ...claim, incarnation: { producerId: 7, producerEpoch: 1 } }],
    'two fences of a lane': [mark, { ...claim, partition: 1, fence: 2 }],
    'another step': [mark, { kind: 'hold-lift', lane: 0, fence: 1, rowId: 1 }],
  }
  for (const [what, steps] of Object.entries(unusual)) assert.equal(usualCall(steps), undefined, what)
})

let db: PGlite
before(async () => {
  db = await PGlite.create()
})
after(() => db.close())

/** The database, and how often the statement for usual turns did its work or refused to. */
function watched(): { readonly database: PGlite; readonly count: { taken: number; refused: number } } {
  const count = { taken: 0, refused: 0 }
  const database = new Proxy(db, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if (name !== 'query') return (...args: unknown[]): unknown => Reflect.apply(value, target, args)
      return async (...args: [string]): Promise<unknown> => {
        const result = (await Reflect.apply(value, target, args)) as { readonly rows: readonly (readonly unknown[])[] }
        if (args[0].includes('outbox_advance_usual')) count[result.rows[0]?.[0] === null ? 'refused' : 'taken']++
        return result
      }
    },
  })
  return { database, count }
}

/** What a relay knows of a stream. */
interface Known {
  readonly lane: number
  readonly topic: string
  readonly partition: number
  epoch: number
  next: number
  open: Claim | undefined
}

/** A relay that does what relays do, and now and then something wrong. */
class Relay {
  readonly streams: Known[] = [0, 1, 2].flatMap((lane) =>
    ['a', 'b'].flatMap((topic) =>
      [0, 1].map((partition) => ({ lane, topic, partition, epoch: 0, next: 0, open: undefined })),
    ),
  )
  readonly #pick: (count: number) => number
  readonly #fences: ReadonlyMap<number, number>
  #offset = 0

  constructor(pick: (count: number) => number, fences: ReadonlyMap<number, number>) {
    this.#pick = pick
    this.#fences = fences
  }

  /** The steps of a turn over what waits: rows by `lane topic`. */
  turn(waiting: ReadonlyMap<string, readonly number[]>): Step[] {
    const pick = this.#pick
    const flying = new Set(this.streams.flatMap(({ open }) => open?.rowIds ?? []))
    const steps: Step[] = []
    for (const stream of this.streams) {
      if (pick(3) === 0) continue
      const { open } = stream
      if (open) steps.push(pick(15) === 0 ? this.#release(stream, open) : this.#mark(stream, open))
      if (open && pick(2) === 0) continue
      const ids = (waiting.get(`${stream.lane} ${stream.topic}`) ?? []).filter((id) => !flying.has(id))
      const rowIds = ids.slice(0, 1 + pick(3))
      if (pick(4) === 0) rowIds.reverse()
      for (const id of rowIds) flying.add(id)
      const last = steps.at(-1)
      const released = last?.kind === 'release' && open !== undefined
      const firstSequence = released ? 0 : stream.next + (open?.rowIds.length ?? 0)
      if (rowIds.length > 0)
        steps.push(this.#claim({ ...stream, epoch: stream.epoch + (released ? 1 : 0) }, rowIds, firstSequence))
    }
    if (pick(2) === 0) this.#spoil(steps, waiting)
    return steps
  }

  /** What the steps that were done changed. */
  learn(steps: readonly Step[], results: readonly StepResult[]): void {
    for (const [i, step] of steps.entries()) {
      if (results[i]?.kind !== 'done' || (step.kind !== 'claim' && step.kind !== 'mark' && step.kind !== 'release'))
        continue
      const at = step.kind === 'claim' ? step : step.flight
      const stream = this.streams.find(
        ({ lane, topic, partition }) => lane === at.lane && topic === at.topic && partition === at.partition,
      )
      assert(stream)
      if (step.kind === 'claim') {
        stream.open = step
        stream.epoch = step.incarnation.producerEpoch
        stream.next = step.firstSequence
      } else {
        stream.next = step.kind === 'mark' ? stream.next + (stream.open?.rowIds.length ?? 0) : 0
        if (step.kind === 'release') stream.epoch = step.next.producerEpoch
        stream.open = undefined
      }
    }
  }

  #claim({ lane, topic, partition, epoch }: Known, rowIds: readonly number[], firstSequence: number): Claim {
    const incarnation = { producerId: 100 + lane, producerEpoch: epoch }
    const at = { lane, topic, partition, incarnation, firstSequence, fence: this.#fences.get(lane) ?? 0 }
    return { kind: 'claim', ...at, topicId: `id of ${topic}`, rowIds, openedAtOffset: -1 }
  }

  #mark({ lane }: Known, { topic, partition, incarnation, firstSequence }: Claim): Mark {
    const flight = { lane, topic, partition, incarnation, firstSequence }
    this.#offset += 10
    return { kind: 'mark', fence: this.#fences.get(lane) ?? 0, flight, baseOffset: this.#offset, leaderEpoch: 2 }
  }

  #release(stream: Known, open: Claim): Step {
    const { fence, flight } = this.#mark(stream, open)
    const next = { ...flight.incarnation, producerEpoch: flight.incarnation.producerEpoch + 1 }
    const rejected = { rowId: open.rowIds[0] ?? 0, reason: 'too large' }
    return { kind: 'release', fence, flight, found: [], next, lastOffset: 3, rejected }
  }

  /** Spoils a step, or the order of them all. */
  #spoil(steps: Step[], waiting: ReadonlyMap<string, readonly number[]>): void {
    const pick = this.#pick
    // A claim on its own is checked against more than one after a mark.
    const claims = steps.filter((step, i) => step.kind === 'claim' && steps[i - 1]?.kind !== 'mark')
    const chosen =
      claims.length > 0 && pick(2) === 0 ? claims[pick(claims.length)] : steps[pick(Math.max(1, steps.length))]
    if (!chosen) return
    const step = chosen
    const at = steps.indexOf(step)
    const { lane, topic } = step.kind === 'mark' || step.kind === 'release' ? step.flight : { topic: '', ...step }
    const topics = pick(2) === 0 ? topic : topic === 'a' ? 'b' : 'a'
    const rows = waiting.get(`${lane} ${topics}`) ?? []
    const row = rows[pick(Math.max(1, rows.length))] ?? 1
    const way = pick(8)
    if (way === 0)
      for (const [i, other] of steps.entries()) {
        const its = 'flight' in other ? other.flight.lane : other.lane
        if (its === lane) steps[i] = { ...other, fence: other.fence - 1 }
      }
    else if (way === 1) steps.push(step)
    else if (way === 2) steps.reverse()
    else if (step.kind === 'claim')
      steps[at] =
        [
          { ...step, rowIds: [...step.rowIds, row] },
          { ...step, rowIds: [row] },
          { ...step, rowIds: [...step.rowIds, 999_999] },
          { ...step, firstSequence: step.firstSequence + 1 },
          { ...step, topicId: 'another' },
          {
            ...step,
            incarnation: {
              ...step.incarnation,
              producerEpoch: step.incarnation.producerEpoch + (pick(2) === 0 ? 1 : -1),
            },
          },
        ][pick(6)] ?? step
    else if (step.kind === 'mark')
      steps[at] = { ...step, flight: { ...step.flight, firstSequence: step.flight.firstSequence + 1 } }
  }
}

interface Side {
  readonly store: OutboxStore
  readonly transactions: Transactions<unknown>
}

/** Without times; `details` only between stores of one kind. */
function plain(value: unknown, details: boolean): unknown {
  const times = new Set(['createdAtMs', 'expiresAtMs', 'stampMs', 'lastStampMs', 'sinceMs'])
  const text = JSON.stringify(value ?? null, (name, inner: unknown) => {
    if (inner instanceof Uint8Array) return Buffer.from(inner).toString('hex')
    return times.has(name) || (name === 'detail' && !details) ? '-' : inner
  })
  return JSON.parse(text)
}

/** A step that makes any call unusual and does nothing. */
const lift = { kind: 'hold-lift', lane: 0, fence: -1, rowId: 0 } as const

async function agree(seed: number, rounds: number): Promise<{ taken: number; refused: number }> {
  const { database, count } = watched()
  const pick = seededPicks(seed)
  const [usual, byStep] = [pgliteWorld(database), pgliteWorld(database)]
  const memory = memoryStore({ nowMs: () => 1_700_000_000_000 })
  const sides: readonly Side[] = [usual, byStep, { store: memory, transactions: memoryTransactions(memory) }]
  const all = async <T>(at: string, call: (side: Side) => Promise<T>): Promise<T> => {
    const [first, second, third] = [await call(usual), await call(byStep), await call(sides[2] ?? usual)]
    assert.deepEqual(plain(first, true), plain(second, true), `seed ${seed}, ${at}, step by step`)
    assert.deepEqual(plain(first, false), plain(third, false), `seed ${seed}, ${at}, memory`)
    return third
  }
  await all('migrate', ({ store }) => store.migrate({ source: 'shop', lanes: 3 }))
  const states = await all('take', ({ store }) => store.take('x', 3, 600_000))
  const relay = new Relay(pick, new Map(states.map(({ lease }) => [lease.lane, lease.fence])))
  for (let i = 0; i < rounds; i++) {
    const messages = Array.from({ length: 2 + pick(8) }, () =>
      message({ lane: pick(3), topic: pick(2) === 0 ? 'a' : 'b' }),
    )
    await all(`${i} enqueue`, ({ store, transactions }) =>
      transactions.run((tx) => store.enqueue(transactions, tx, messages)),
    )
    const lanes = [0, 1, 2].map((lane) => ({ lane, afterId: 0 }))
    const { rows } = await all(`${i} read`, async ({ store }) => {
      const page = await store.read(lanes, { rows: 1000, bytes: 1e9 })
      return { rows: page.rows }
    })
    const waiting = new Map<string, number[]>()
    for (const { lane, topic, id } of rows) {
      const key = `${lane} ${topic}`
      waiting.set(key, [...(waiting.get(key) ?? []), id])
    }
    const steps = relay.turn(waiting)
    const results = await all(`${i} ${JSON.stringify(steps)}`, async (side) =>
      side === byStep ? (await side.store.advance([...steps, lift])).slice(0, -1) : side.store.advance(steps),
    )
    relay.learn(steps, results)
  }
  const sorted = (flights: readonly Flight[]): readonly Flight[] =>
    flights.toSorted((a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition)
  await all('release', ({ store }) => store.leave('x'))
  await all('everything', async ({ store }) =>
    (await store.take('y', 3, 600_000))
      .toSorted((a, b) => a.lease.lane - b.lease.lane)
      .map((state) => ({ ...state, flights: sorted(state.flights) })),
  )
  const timeless = async (world: typeof usual): Promise<unknown> => plain(await world.sent(), true)
  assert.deepEqual(await timeless(usual), await timeless(byStep), `seed ${seed}, sent`)
  for (const world of [usual, byStep]) await world.close()
  return count
}

test('a usual turn does what its steps do one by one, and what the memory store does', {
  timeout: 120_000,
}, async () => {
  const seeds = process.env.SEED ? [Number(process.env.SEED)] : [1, Math.floor(Math.random() * 2 ** 31)]
  for (const seed of seeds) {
    const { taken, refused } = await agree(seed, 120)
    assert(taken >= 10 && refused >= 3, `seed ${seed}: ${taken} usual turns, ${refused} refused`)
  }
})
