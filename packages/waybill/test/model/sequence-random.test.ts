import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { findingOf } from '../../src/model/finding.js'
import { advanceSequence } from '../../src/model/sequence-number.js'
import { SequenceDetector } from '../../src/model/sequence.js'
import type { Sequenced } from '../../src/model/sequence.js'

/** What is done to one message of a producer. */
type Harm = { readonly kind: 'lose' } | { readonly kind: 'double' | 'delay'; readonly by: number }

interface ProducerPlan {
  /** First sequence of its first incarnation: near the wrap, to meet it. */
  readonly start: number
  /** Messages of each incarnation. */
  readonly incarnations: readonly number[]
  /** By message number. */
  readonly harms: readonly (readonly [at: number, harm: Harm])[]
}

interface Message {
  readonly producer: number
  readonly epoch: number
  readonly sequence: number
  /** Place in its producer's order. */
  readonly number: number
  readonly planted: 'none' | 'double' | 'delay'
}

const harm: fc.Arbitrary<Harm> = fc.oneof(
  fc.constant({ kind: 'lose' as const }),
  fc.record({ kind: fc.constant('double' as const), by: fc.integer({ min: 0, max: 8 }) }),
  fc.record({ kind: fc.constant('delay' as const), by: fc.integer({ min: 1, max: 8 }) }),
)
const producerPlan: fc.Arbitrary<ProducerPlan> = fc.record({
  start: fc.constantFrom(0, 1, 1000, 2 ** 31 - 1, 2 ** 31 - 5, 2 ** 31 - 20),
  incarnations: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 3 }),
  harms: fc.array(fc.tuple(fc.nat(60), harm), { maxLength: 10 }),
})

/** One incarnation's messages in the order of the log, with the harm done. The first is left alone: it is the baseline. */
function incarnationLog(plan: ProducerPlan, producer: number, epoch: number, lost: Set<string>): Message[] {
  const count = plan.incarnations[epoch] ?? 0
  const start = epoch === 0 ? plan.start : 0
  const harms = new Map(plan.harms.filter(([at]) => epoch > 0 || at > 0))
  const placed: { readonly at: number; readonly message: Message }[] = []
  for (let number = 0; number < count; number++) {
    const message = { producer, epoch, sequence: advanceSequence(start, number), number, planted: 'none' } as const
    const done = harms.get(number)
    if (done?.kind === 'lose') lost.add(idOf(message))
    // Half a step behind the place it is moved to: after that message, before the next one.
    else if (done?.kind === 'delay')
      placed.push({ at: number + done.by + 0.5, message: { ...message, planted: 'delay' } })
    else placed.push({ at: number, message })
    if (done?.kind === 'double')
      placed.push({ at: number + done.by + 0.25, message: { ...message, planted: 'double' } })
  }
  return placed.sort((a, b) => a.at - b.at).map(({ message }) => message)
}

const idOf = ({ producer, epoch, sequence }: Message): string => `${producer} ${epoch} ${sequence}`

/** Merges the producers' logs; `picks` decides whose turn it is. */
function interleave(logs: readonly (readonly Message[])[], picks: readonly number[]): Message[] {
  const rest = logs.map((log) => [...log])
  const merged: Message[] = []
  for (let turn = 0; ; turn++) {
    const open = rest.filter((log) => log.length > 0)
    const next = open[(picks[turn % picks.length] ?? 0) % (open.length || 1)]?.shift()
    if (!next) return merged
    merged.push(next)
  }
}

function recordOf(message: Message, offset: number): Sequenced {
  const incarnation = { producerId: 100 + message.producer, producerEpoch: message.epoch }
  return { producer: `shop-${message.producer}`, incarnation, sequence: message.sequence, offset }
}

/** Which planted messages must be found, by looking at the whole log at once. */
function expected(
  log: readonly Message[],
  lost: ReadonlySet<string>,
): { gaps: string[]; doubles: string[]; late: string[] } {
  const highest = new Map<string, number>()
  const seen = new Set<string>()
  const doubles: string[] = []
  const late: string[] = []
  for (const message of log) {
    const whose = `${message.producer} ${message.epoch}`
    const high = highest.get(whose) ?? -1
    if (seen.has(idOf(message))) doubles.push(idOf(message))
    else if (message.number < high) late.push(idOf(message))
    seen.add(idOf(message))
    highest.set(whose, Math.max(high, message.number))
  }
  const planted = log.filter((message) => message.planted === 'double').map(idOf)
  assert.deepEqual(doubles.toSorted(), planted.toSorted(), 'the oracle agrees with the plan')
  // A loss at the end of an incarnation leaves nothing behind it: that is the ledger's business.
  const gaps = [...lost].filter((id) => {
    const [producer, epoch] = id.split(' ')
    return log.some(
      (message) => `${message.producer} ${message.epoch}` === `${producer} ${epoch}` && isAfter(message, id),
    )
  })
  return { gaps, doubles, late }
}

function isAfter(message: Message, id: string): boolean {
  const sequence = Number(id.split(' ')[2])
  const ahead = (message.sequence - sequence + 2 ** 31) % 2 ** 31
  return ahead > 0 && ahead < 1000
}

const plans = fc.record({
  producers: fc.array(producerPlan, { minLength: 1, maxLength: 5 }),
  picks: fc.array(fc.nat(4), { minLength: 1, maxLength: 50 }),
  base: fc.constantFrom(1, 1000, 2 ** 40),
  restarts: fc.array(fc.tuple(fc.nat(300), fc.nat(20)), { maxLength: 4 }),
})

test('of several producers with losses, doubles and delays exactly these are found, restarts and re-reads included', () => {
  let found = 0
  fc.assert(
    fc.property(plans, ({ producers, picks, base, restarts }) => {
      const lost = new Set<string>()
      const logs = producers.map((plan, producer) =>
        plan.incarnations.flatMap((_, epoch) => incarnationLog(plan, producer, epoch, lost)),
      )
      const log = interleave(logs, picks)
      let detector = new SequenceDetector(base)
      const doubles: string[] = []
      const late: string[] = []
      const missing = new Set<string>()
      const rewinds = new Map(restarts)
      for (let at = 0, done = 0; at < log.length; at++) {
        const back = at >= done ? rewinds.get(at) : undefined
        if (back !== undefined) {
          // A restart from an older commit: the state comes back from its text, and some records are read again.
          const restored = SequenceDetector.import(detector.export('orders-3'), 'orders-3')
          assert(restored)
          detector = restored
          for (let old = Math.max(0, at - back); old < at; old++) {
            const message = log[old]
            assert(message)
            assert.equal(detector.feed(recordOf(message, base + old)).kind, 're-read')
          }
        }
        done = Math.max(done, at + 1)
        const message = log[at]
        assert(message)
        const record = recordOf(message, base + at)
        const sighting = detector.feed(record)
        const finding = findingOf(sighting, record, { topic: 'orders', partition: 3 })
        if (!finding) continue
        if (finding.kind === 'duplicate') doubles.push(idOf(message))
        else if (finding.kind === 'reordered') {
          late.push(idOf(message))
          missing.delete(idOf(message))
        } else {
          assert.equal(finding.kind, 'gap')
          for (let i = 0; i < finding.length; i++)
            missing.add(idOf({ ...message, sequence: advanceSequence(finding.from, i) }))
        }
      }
      const wanted = expected(log, lost)
      assert.deepEqual([...missing].sort(), wanted.gaps.sort(), 'losses')
      assert.deepEqual(doubles.sort(), wanted.doubles.sort(), 'doubles')
      assert.deepEqual(late.sort(), wanted.late.sort(), 'late')
      found += missing.size + doubles.length + late.length
    }),
    { numRuns: 2000 },
  )
  assert(found > 1000, `only ${found} planted faults were met`)
})

test('unread offsets never make a false alarm: what was read of an unharmed log is never a finding', () => {
  const reason = fc.constantFrom(
    'aborted' as const,
    'compacted' as const,
    'skipped' as const,
    'retention' as const,
    undefined,
  )
  const holes = fc.array(fc.record({ at: fc.nat(200), length: fc.integer({ min: 1, max: 30 }), reason }), {
    maxLength: 6,
  })
  let unread = 0
  fc.assert(
    fc.property(plans, holes, ({ producers, picks, base }, skips) => {
      const whole = producers.map((plan) => ({ ...plan, harms: [] }))
      const logs = whole.map((plan, producer) =>
        plan.incarnations.flatMap((_, epoch) => incarnationLog(plan, producer, epoch, new Set())),
      )
      const log = interleave(logs, picks)
      const detector = new SequenceDetector(base)
      for (let at = 0; at < log.length; at++) {
        const hole = skips.find((one) => one.at === at)
        if (hole) {
          at = Math.min(log.length, at + hole.length)
          if (hole.reason) detector.passed(base + at, hole.reason)
        }
        const message = log[at]
        if (!message) break
        const record = recordOf(message, base + at)
        const sighting = detector.feed(record)
        if (sighting.kind === 'unread') unread++
        assert.equal(findingOf(sighting, record, { topic: 't', partition: 0 }), undefined, JSON.stringify(sighting))
      }
    }),
    { numRuns: 1000 },
  )
  assert(unread > 100, `only ${unread} jumps were met`)
})

test('the state is small, bound to its place, and never taken from changed or foreign text', () => {
  const detector = new SequenceDetector(1_000_000)
  for (let offset = 1_000_000, lane = 0; offset < 1_020_000; offset++, lane = (lane + 1) % 64)
    detector.feed({
      ...{ producer: `shop-${lane}`, incarnation: { producerId: 5000 + lane, producerEpoch: 3 } },
      ...{ sequence: 70_000 + Math.floor((offset - 1_000_000) / 64) * (offset % 1000 === 0 ? 2 : 1), offset },
    })
  const text = detector.export('orders-3')
  assert(text.length < 64 * 40, `${text.length}`)
  assert.equal(SequenceDetector.import(text, 'orders-3')?.export('orders-3'), text)
  assert.equal(SequenceDetector.import(text, 'orders-4'), undefined, 'another partition, or the topic was re-created')
  const short = detector.export('orders-3', 600)
  assert(short.length <= 600)
  const part = SequenceDetector.import(short, 'orders-3')
  assert(part && part.producerCount > 10 && part.producerCount < 64)
  // Offset 1,019,999 was lane 31's, and lane 32 is silent for longest. Its old records must not look like a rewritten log.
  assert(part.position('shop-31') && !part.position('shop-32'))
  const old = {
    producer: 'shop-32',
    incarnation: { producerId: 5032, producerEpoch: 3 },
    sequence: 70_000,
    offset: 1_000_032,
  }
  assert.equal(part.feed(old).kind, 're-read')
  fc.assert(
    fc.property(
      fc.nat(text.length),
      fc.nat(3),
      fc.oneof(fc.string({ maxLength: 3 }), fc.base64String({ maxLength: 4 })),
      (at, cut, insert) => {
        const mutated = text.slice(0, at) + insert + text.slice(at + cut)
        if (mutated !== text) assert.equal(SequenceDetector.import(mutated, 'orders-3'), undefined)
      },
    ),
    { numRuns: 5000 },
  )
  for (const foreign of ['', 'wbs1.', 'wbs1.AAAAAAA', 'wb1.AAAA', '{"sequences":{}}'])
    assert.equal(SequenceDetector.import(foreign, 'orders-3'), undefined)
})

test('a record costs well under a few microseconds', (context) => {
  const count = 200_000
  const detector = new SequenceDetector(0)
  const records = Array.from({ length: count }, (_, offset) => ({
    ...{ producer: `shop-${offset % 64}`, incarnation: { producerId: offset % 64, producerEpoch: 0 } },
    ...{ sequence: Math.floor(offset / 64), offset },
  }))
  const started = process.hrtime.bigint()
  for (const record of records) detector.feed(record)
  const nsEach = Number(process.hrtime.bigint() - started) / count
  assert.equal(detector.horizon, count)
  context.diagnostic(`${nsEach.toFixed(0)} ns each`)
  assert(nsEach < 20_000, `${nsEach} ns`)
})
