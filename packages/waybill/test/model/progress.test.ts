import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseMetadata, Progress } from '../../src/model/progress.js'

/** The rules of `Progress` in the plainest form: a set of closed offsets. */
class SetModel {
  readonly closed = new Set<number>()
  readonly pending = new Set<number>()
  horizon: number
  readonly committed: number

  constructor(committed: number, closed: Iterable<number> = []) {
    this.committed = committed
    this.horizon = committed
    for (const offset of closed) this.closed.add(offset)
  }

  get position(): number {
    let position = this.committed
    while (this.closed.has(position)) position++
    return position
  }

  above(): number[] {
    return [...this.closed].filter((offset) => offset > this.position).sort((a, b) => a - b)
  }

  seenTo(offset: number): void {
    for (; this.horizon < offset; this.horizon++) this.closed.add(this.horizon)
  }

  receive(offset: number): boolean {
    this.seenTo(offset)
    this.horizon = offset + 1
    if (this.closed.has(offset)) return false
    this.pending.add(offset)
    return true
  }

  handled(offset: number): void {
    this.pending.delete(offset)
    this.closed.add(offset)
  }
}

type Move =
  | { readonly kind: 'receive'; readonly skip: number }
  | { readonly kind: 'seen'; readonly skip: number }
  | { readonly kind: 'handle'; readonly pick: number }
  | { readonly kind: 'restart' }

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('receive' as const), skip: fc.constantFrom(0, 0, 0, 0, 1, 5, 130) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('handle' as const), pick: fc.nat(10_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('seen' as const), skip: fc.constantFrom(0, 1, 3, 200) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
)

function restarted(progress: Progress): Progress {
  const text = progress.metadata(1_000_000, 'place')
  const known = text === undefined ? undefined : parseMetadata(text, progress.position, 'place')
  assert(known)
  return new Progress(progress.position, known)
}

function agree(progress: Progress, model: SetModel): void {
  assert.equal(progress.position, model.position)
  assert.deepEqual([...progress.handledAbove()], model.above())
  assert.equal(progress.pendingCount, model.pending.size)
  const text = progress.metadata(1_000_000)
  assert(text !== undefined && /^[\x21-\x7e]+$/.test(text))
  assert.equal(progress.fullness(1000), text.length / 1000)
  assert.deepEqual([...(parseMetadata(text, progress.position) ?? [Number.NaN])], model.above())
}

test('progress agrees with a plain set after every move, restarts through the metadata included', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(0, 1, 1000, 2 ** 31 - 5, 2 ** 40),
      fc.array(move, { maxLength: 150 }),
      (committed, moves) => {
        let progress = new Progress(committed)
        let model = new SetModel(committed)
        for (const step of moves) {
          if (step.kind === 'receive')
            assert.equal(progress.receive(model.horizon + step.skip), model.receive(model.horizon + step.skip))
          else if (step.kind === 'seen') {
            progress.seenTo(model.horizon + step.skip)
            model.seenTo(model.horizon + step.skip)
          } else if (step.kind === 'restart') {
            progress = restarted(progress)
            model = new SetModel(model.position, model.above())
          } else {
            const offset = [...model.pending][step.pick % (model.pending.size || 1)]
            if (offset === undefined) continue
            progress.handled(offset)
            model.handled(offset)
          }
          agree(progress, model)
        }
      },
    ),
    { numRuns: 500 },
  )
})

test('many runs in any order of handling agree with a plain set (more than one block of runs)', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const count = 4000
      const random = mulberry(seed)
      const progress = new Progress(10)
      const model = new SetModel(10)
      for (let offset = 10; offset < 10 + count; offset++) assert.equal(progress.receive(offset), model.receive(offset))
      const order = shuffled([...model.pending], random)
      for (const [index, offset] of order.entries()) {
        progress.handled(offset)
        model.handled(offset)
        if (index % 199 === 0) agree(progress, model)
      }
      assert.equal(progress.position, 10 + count)
      agree(progress, model)
    }),
    { numRuns: 4 },
  )
})

test('the position stays below a record that is not handled, however much above it is', () => {
  const progress = new Progress(5)
  for (let offset = 5; offset < 1000; offset++) progress.receive(offset)
  for (let offset = 6; offset < 1000; offset++) progress.handled(offset)
  assert.equal(progress.position, 5)
  assert.equal(progress.pendingCount, 1)
  progress.handled(5)
  assert.equal(progress.position, 1000)
  assert.equal(progress.receivedCount, 995)
})

test('holes before, between and after records are closed; those the reader has not passed are not', () => {
  const progress = new Progress(100)
  assert.equal(progress.position, 100)
  progress.receive(103)
  assert.equal(progress.position, 103)
  progress.handled(103)
  assert.equal(progress.position, 104)
  progress.seenTo(110)
  assert.equal(progress.position, 110)
  progress.seenTo(90)
  assert.equal(progress.position, 110)
  progress.receive(110)
  progress.seenTo(115)
  assert.equal(progress.position, 110)
  progress.handled(110)
  assert.equal(progress.position, 115)
})

test('after a restart only what was open is to be handled again', () => {
  const before = new Progress(100)
  for (const offset of [100, 101, 102, 104]) before.receive(offset)
  for (const offset of [101, 104]) before.handled(offset)
  const after = restarted(before)
  assert.deepEqual(
    [100, 101, 102, 104, 105].map((offset) => after.receive(offset)),
    [true, false, true, false, true],
  )
})

test('what cannot be true is refused: falling offsets, handled twice, handled unreceived, handled holes, no offsets', () => {
  const progress = new Progress(10)
  progress.receive(10)
  progress.receive(12)
  progress.handled(12)
  const refused = { code: 'WB_INTERNAL' }
  for (const offset of [9, 10, 12, 12.5, Number.NaN, -1, 2 ** 53])
    assert.throws(() => progress.receive(offset), refused)
  for (const offset of [9, 11, 12, 13, 10.5, Number.NaN, -1]) assert.throws(() => progress.handled(offset), refused)
  assert.throws(() => progress.seenTo(Number.POSITIVE_INFINITY), refused)
  assert.throws(() => new Progress(-1), refused)
  assert.throws(() => new Progress(0, [-1]), refused)
  assert.throws(() => new Progress(0, [Number.NaN]), refused)
  assert.equal(progress.position, 10)
  progress.handled(10)
  assert.equal(progress.position, 13)
})

test('what waits for handlers counts in fullnessAhead before they end, and the metadata never grows beyond it', () => {
  const progress = new Progress(0)
  for (let offset = 0; offset < 40_000; offset++) progress.receive(offset)
  const ahead = progress.fullnessAhead()
  assert(ahead > 1 && progress.fullness() < 0.01)
  for (let offset = 1; offset < 40_000; offset += 2) {
    progress.handled(offset)
    if (offset % 1_001 === 0) assert(progress.fullness() <= progress.fullnessAhead())
  }
  assert(progress.fullness() > 1 && progress.fullness() <= ahead)
})

test('the metadata is complete or not given; fullness says so before, and falls when the oldest gap closes', () => {
  const progress = new Progress(0)
  let offset = 0
  // Sparse handling in a wide window: the worst case for both forms.
  while (progress.fullness() <= 1) {
    for (let i = 0; i < 20; i++) progress.receive(offset + i)
    progress.handled(offset + 7)
    offset += 20
  }
  assert.equal(progress.metadata(), undefined)
  const text = progress.metadata(5000)
  assert(text !== undefined && text.length > 4096 && text.length <= 5000)
  for (let i = 0; i < offset; i++) if (i % 20 !== 7 && i < offset / 2) progress.handled(i)
  assert(progress.fullness() < 0.75)
  assert((progress.metadata() ?? '').length > 0)
})

test('the shorter form is chosen: runs when few, a bitmap when ragged', () => {
  const ragged = new Progress(0)
  for (let offset = 0; offset < 16_000; offset++) ragged.receive(offset)
  for (let offset = 1; offset < 16_000; offset += 2) ragged.handled(offset)
  assert.equal((ragged.metadata() ?? '').length, 4 + Math.ceil(((4 + 1 + 1 + 2000) * 4) / 3))
  const wide = new Progress(0)
  wide.receive(0)
  wide.receive(1)
  wide.receive(1_000_000_001)
  wide.handled(1_000_000_001)
  wide.handled(1)
  const text = wide.metadata()
  assert(text !== undefined && text.length < 30, text)
  assert.deepEqual(parseMetadata(text, 0)?.runs, [[1, 1_000_000_002]])
})

test('a hundred thousand open records cost microseconds each, in any order', (context) => {
  const seed = 20_260_711
  const count = 100_000
  const progress = new Progress(0)
  const started = process.hrtime.bigint()
  for (let offset = 0; offset < count; offset++) progress.receive(offset, 3)
  const received = process.hrtime.bigint()
  let fullest = 0
  for (const offset of shuffled([...Array(count).keys()], mulberry(seed))) {
    progress.handled(offset)
    fullest = Math.max(fullest, progress.fullness())
  }
  const done = process.hrtime.bigint()
  assert.equal(progress.position, count)
  assert(fullest > 1)
  const each = (from: bigint, to: bigint): number => Number(to - from) / count
  context.diagnostic(
    `seed ${seed}: receive ${each(started, received).toFixed(0)} ns, handled + fullness ${each(received, done).toFixed(0)} ns`,
  )
  // 60 times what an idle machine needs: catches a quadratic step, not a busy neighbour.
  assert(each(received, done) < 40_000, `${each(received, done)} ns`)
})

function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function shuffled(list: readonly number[], random: () => number): number[] {
  const copy = [...list]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[copy[i], copy[j]] = [copy[j] ?? 0, copy[i] ?? 0]
  }
  return copy
}
