import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PGlite } from '@electric-sql/pglite'
import Database from 'libsql'
import type { SealedMessage } from '../../src/model/message.js'
import type { Lease, OutboxStore, Step } from '../../src/ports/outbox-store.js'
import type { Transactions } from '../../src/ports/transactions.js'
import { fromSqlite, sqlite } from '../../src/sqlite.js'
import { memoryStore } from '../../src/stores/memory/store.js'
import type { MemoryStore } from '../../src/stores/memory/store.js'
import { memoryTransactions } from '../../src/stores/memory/transactions.js'
import { pgliteWorld } from './postgres/pglite-world.js'
import { seededPicks } from './seeded-picks.js'

// The stores share little or nothing (PostgreSQL has the rules of streams in SQL, SQLite those of step-rules.ts), so each is the
// other's oracle for random calls, most of which a store has to refuse.

const outbox = { source: 'shop', lanes: 3 }
const longMs = 600_000

type Pick = (count: number) => number
type Call = (store: OutboxStore, transactions: Transactions<unknown>) => Promise<unknown>

/** What a random caller believes; often wrong, so that refusals are tested as much as successes. */
interface Belief {
  leases: Lease[]
  lastRowId: number
  number: number
}

function randomMessage(pick: Pick, belief: Belief): SealedMessage {
  const key = pick(4) === 0 ? null : Uint8Array.of(pick(3))
  const messageId = (++belief.number).toString(16).padStart(32, '0')
  return {
    lane: pick(3),
    messageId,
    topic: ['a', 'b'][pick(2)] ?? 'a',
    key,
    headers: [],
    value: Uint8Array.of(belief.number & 255),
  }
}

function randomStep(pick: Pick, belief: Belief): Step {
  const lane = pick(3)
  const known = belief.leases.find((lease) => lease.lane === lane)
  const fence = (known?.fence ?? 1) - (pick(12) === 0 ? 1 : 0)
  const rowId = 1 + pick(Math.max(1, belief.lastRowId))
  const incarnation = { producerId: 7 + (pick(8) === 0 ? 1 : 0), producerEpoch: pick(4) }
  const topic = ['a', 'b'][pick(2)] ?? 'a'
  const flight = { lane, topic, partition: pick(2), incarnation, firstSequence: pick(3) === 0 ? pick(4) : 0 }
  const rowIds = Array.from({ length: 1 + pick(2) }, () => 1 + pick(Math.max(1, belief.lastRowId)))
  switch (pick(8)) {
    case 0:
      return { kind: 'park', lane, fence, rowId, reason: 'parked' }
    case 5: {
      const messageId = (1 + pick(Math.max(1, belief.number))).toString(16).padStart(32, '0')
      const messages = [{ messageId, offset: pick(100), incarnation, sequence: pick(9) }]
      return { kind: 'recognize', lane, fence, topic, partition: pick(2), messages }
    }
    case 1:
      return { kind: 'hold-lift', lane, fence, rowId }
    case 2:
    case 3:
      return { kind: 'mark', fence, flight, baseOffset: pick(100), leaderEpoch: pick(5) }
    case 4: {
      const found = pick(2) === 0 ? [] : [{ rowId, offset: pick(100) }]
      const next = { producerId: 7, producerEpoch: pick(6) }
      const release = { kind: 'release', fence, flight, found, next, lastOffset: pick(100) } as const
      return pick(2) === 0 ? release : { ...release, rejected: { rowId: rowIds[0] ?? rowId, reason: 'bad' } }
    }
    default:
      return { kind: 'claim', fence, ...flight, topicId: `t${pick(12) === 0 ? 1 : 0}`, rowIds, openedAtOffset: pick(9) }
  }
}

/** A claim, and often its end, that fit what is stored: without these a random run would never get far. */
async function fittingSteps(store: MemoryStore, pick: Pick, belief: Belief): Promise<Step[]> {
  const open = store.flights()[0]
  if (open && pick(2) === 0) {
    const fence = belief.leases.find((lease) => lease.lane === open.lane)?.fence ?? 0
    return [{ kind: 'mark', fence, flight: open, baseOffset: pick(100), leaderEpoch: 2 }]
  }
  const lane = pick(3)
  const fence = belief.leases.find((lease) => lease.lane === lane)?.fence ?? 0
  const { rows } = await store.read([{ lane, afterId: 0 }], { rows: 20, bytes: 1e9 })
  const topic = rows[pick(Math.max(1, rows.length))]?.topic ?? 'a'
  const rowIds = rows
    .filter((row) => row.topic === topic)
    .map((row) => row.id)
    .slice(0, 1 + pick(3))
  const incarnation = { producerId: 100 + belief.number++, producerEpoch: 0 }
  const flight = { lane, topic, partition: pick(2), incarnation, firstSequence: 0 }
  const claim: Step = { kind: 'claim', fence, ...flight, topicId: 't0', rowIds, openedAtOffset: 3 }
  const mark: Step = { kind: 'mark', fence, flight, baseOffset: pick(100), leaderEpoch: 1 }
  const next = { ...incarnation, producerEpoch: 1 }
  const rejected = { rowId: rowIds[0] ?? 0, reason: 'bad' }
  const release: Step = { kind: 'release', fence, flight, found: [], next, lastOffset: pick(100), rejected }
  return [claim, ...([[mark], [release], []][pick(3)] ?? [])]
}

function randomCall(pick: Pick, belief: Belief): Call {
  const owner = ['x', 'y'][pick(2)] ?? 'x'
  const cause = `c${pick(3)}`
  const sink = `s${pick(2)}`
  const state = pick(2) === 0 ? 'opened' : 'resolved'
  const count = pick(4)
  const calls: readonly Call[] = [
    (store) => store.take(owner, count, longMs),
    (store) =>
      store.release(
        owner,
        belief.leases.filter((lease) => lease.lane === count),
      ),
    (store) => (count === 0 ? store.leave(owner) : store.heartbeat(owner, longMs)),
    (store) => (count === 0 ? store.adoptIdentity({ cluster: sink, database: 'd' }) : store.backlog()),
    (store) =>
      store.setProducerId({ lane: count, fence: belief.leases[0]?.fence ?? 1, expiresAtMs: 0, producerId: null }, 9),
    (store) => store.openAlert({ cause, kind: 'k', detail: 'd' }),
    (store) => store.resolveAlert(cause),
    (store) => store.dueAlerts(sink, longMs, count),
    (store) => store.alertDelivered(sink, 1 + count, state),
    (store) => store.saveTopicLimits([{ topic: sink, maxMessageBytes: count }]),
    ...operatorCalls(pick, belief),
  ]
  return calls[pick(calls.length)] ?? ((store) => store.backlog())
}

function operatorCalls(pick: Pick, belief: Belief): readonly Call[] {
  const id = (): number => 1 + pick(Math.max(1, belief.lastRowId))
  const ids = [id(), id(), id(), id()]
  const limit = 1 + pick(4)
  return [
    ({ admin }) => admin.lanes(),
    // Their order is that of times, which the two stores do not share.
    async ({ admin }) => (await admin.holds(100)).toSorted((a, b) => a.rowId - b.rowId),
    ({ admin }) => admin.parked({ afterId: ids[0] ?? 0, limit, ...(limit > 2 && { topic: 'a' }) }),
    ({ admin }) => admin.parkedById(ids[0] ?? 0),
    async ({ admin }) => admin.requeue((await admin.parked({ afterId: 0, limit })).map((row) => row.id)),
    ({ admin }) => admin.requeue(ids),
    async ({ admin }) => {
      const [first] = await admin.parked({ afterId: 0, limit })
      return admin.discard([...ids, first?.id ?? 0], { who: 'me', why: 'because' })
    },
    ({ admin }) => admin.alerts(limit),
    ({ admin }) => admin.resolve([limit, limit + 1]),
  ]
}

const times = new Set([
  'createdAtMs',
  'expiresAtMs',
  'stampMs',
  'lastStampMs',
  'sinceMs',
  'nowMs',
  'oldestMs',
  'openedAtMs',
  'parkedAtMs',
  'leaseLeftMs',
])

/** Without times and texts for people, bytes as hex. */
function plain(value: unknown): unknown {
  const { answer } = JSON.parse(
    JSON.stringify({ answer: value }, (name, inner: unknown) => {
      if (inner instanceof Uint8Array) return Buffer.from(inner).toString('hex')
      if (times.has(name) || (name === 'detail' && typeof inner === 'string')) return '-'
      return name === 'resolvedAtMs' && inner !== null ? 'resolved' : inner
    }),
  ) as { answer?: unknown }
  return answer
}

/** A store to compare with memory. */
interface Other {
  readonly store: OutboxStore
  readonly transactions: Transactions<unknown>
  close(): unknown
}

function sqliteOther(): Other {
  const database = new Database(':memory:')
  const store = sqlite(database, { allowInMemory: true })
  return { store, transactions: fromSqlite(database), close: () => database.close() }
}

async function agree(seed: number, calls: number, other: Other): Promise<number> {
  const pick = seededPicks(seed)
  const stores = [memoryStore({ nowMs: () => 1_700_000_000_000 }), other.store] as const
  const transactions = [memoryTransactions(stores[0]), other.transactions] as const
  const belief: Belief = { leases: [], lastRowId: 0, number: 0 }
  let done = 0
  const both = async (at: string, call: Call): Promise<unknown> => {
    const results = [plain(await call(stores[0], transactions[0])), plain(await call(stores[1], transactions[1]))]
    assert.deepEqual(results[1], results[0], `seed ${seed}, ${at}`)
    return results[0]
  }
  const learn = (result: unknown): void => {
    const taken = Array.isArray(result) ? result.flatMap((state: { lease?: Lease }) => state.lease ?? []) : []
    belief.leases = [...taken, ...belief.leases.filter((lease) => !taken.some(({ lane }) => lane === lease.lane))]
  }
  await both('migrate', (store) => store.migrate(outbox))
  for (let i = 0; i < calls; i++) {
    const kind = pick(10)
    if (pick(4) === 0) learn(await both(`${i} take`, (store) => store.take('x', 3, longMs)))
    if (kind < 3) {
      const messages = Array.from({ length: 1 + pick(3) }, () => randomMessage(pick, belief))
      belief.lastRowId += messages.length
      await both(`${i} enqueue`, (store, tx) => tx.run((handle) => store.enqueue(tx, handle, messages)))
    } else if (kind < 8) {
      const steps =
        kind < 5
          ? await fittingSteps(stores[0], pick, belief)
          : Array.from({ length: 1 + pick(3) }, () => randomStep(pick, belief))
      const results = await both(`${i} ${JSON.stringify(steps)}`, (store) => store.advance(steps))
      done += JSON.stringify(results).split('"done"').length - 1
    } else {
      learn(await both(`${i} other`, randomCall(pick, belief)))
    }
    const lanes = [0, 1, 2].map((lane) => ({ lane, afterId: 0 }))
    const limit = { rows: 1 + pick(9), bytes: pick(200) }
    await both(`${i} read`, async (store) => {
      const { rows, cut } = await store.read(lanes, limit)
      return [rows, [...cut].sort((a, b) => a - b)]
    })
    await both(`${i} backlog`, (store) => store.backlog())
  }
  await both('alerts', (store) => store.openAlerts())
  for (const owner of ['x', 'y']) await both('leave', (store) => store.leave(owner))
  await both('everything', (store) => store.take('z', 3, longMs))
  await other.close()
  return done
}

async function agreeOften(fixed: readonly number[], calls: number, other: () => Other): Promise<void> {
  const seeds = process.env.SEED ? [Number(process.env.SEED)] : [...fixed, Math.floor(Math.random() * 2 ** 31)]
  let done = 0
  for (const seed of seeds) done += await agree(seed, calls, other())
  assert(done > (seeds.length * calls) / 6, `only ${done} steps of ${seeds.length} runs were done`)
}

test('memory and SQLite answer the same random calls alike', { timeout: 60_000 }, () =>
  agreeOften([1, 2], 300, sqliteOther),
)

const skip = process.env.WAYBILL_FAST === '1'
const reason = skip ? ' (skipped in test:fast: half a minute)' : ''

// Seeds found: flight rows came in the order of the plan, not of the flights; a lane whose only row is larger than the limit was
// called cut.
test(`memory and PostgreSQL answer the same random calls alike${reason}`, { skip, timeout: 300_000 }, async () => {
  const db = await PGlite.create()
  await agreeOften([198_917_442, 1_129_337_842], 150, () => pgliteWorld(db))
  await db.close()
})
