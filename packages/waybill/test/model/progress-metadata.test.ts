import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseMetadata, Progress } from '../../src/model/progress.js'

/** Progress at `committed` with some offsets above it handled. */
const written = fc
  .tuple(
    fc.nat(2 ** 45),
    fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 60 }),
    fc.integer({ min: -1, max: 2 ** 31 - 1 }),
  )
  .map(([committed, distances, epoch]) => {
    const progress = new Progress(committed)
    progress.receive(committed, epoch)
    const closed = [...new Set(distances)].sort((a, b) => a - b).map((distance) => committed + distance)
    for (const offset of closed) {
      while (progress.horizon <= offset) progress.receive(progress.horizon, epoch)
      progress.handled(offset)
    }
    return { committed, closed, epoch, text: progress.metadata(1_000_000, 'orders') ?? '' }
  })

test('metadata comes back for its own offset and place, with the leader epoch', () => {
  fc.assert(
    fc.property(written, ({ committed, closed, epoch, text }) => {
      const known = parseMetadata(text, committed, 'orders')
      assert.deepEqual([...(known ?? [Number.NaN])], closed)
      assert.equal(known?.leaderEpoch, epoch)
    }),
  )
})

test('metadata of another offset or another partition is no progress', () => {
  fc.assert(
    fc.property(written, fc.integer({ min: -50, max: 50 }), fc.string(), ({ committed, text }, shift, place) => {
      if (shift !== 0) assert.equal(parseMetadata(text, committed + shift, 'orders'), undefined)
      if (place !== 'orders') assert.equal(parseMetadata(text, committed, place), undefined)
    }),
    { numRuns: 2000 },
  )
})

test('a changed text is never taken for progress and never throws', () => {
  const change = fc.record({
    at: fc.nat(10_000),
    remove: fc.nat(3),
    insert: fc.oneof(
      fc.string({ maxLength: 3 }),
      fc.base64String({ maxLength: 4 }),
      fc.constantFrom('=', '-', '_', '+', '/', '\n', ' '),
    ),
  })
  fc.assert(
    fc.property(written, change, ({ committed, text }, { at, remove, insert }) => {
      const from = at % (text.length + 1)
      const mutated = text.slice(0, from) + insert + text.slice(from + remove)
      if (mutated !== text) assert.equal(parseMetadata(mutated, committed, 'orders'), undefined, mutated)
    }),
    { numRuns: 20_000 },
  )
})

test('every single changed character is noticed', () => {
  const progress = new Progress(70_000)
  for (let offset = 70_000; offset < 70_300; offset++) progress.receive(offset, 9)
  for (let offset = 70_001; offset < 70_300; offset += 3) progress.handled(offset)
  const text = progress.metadata() ?? ''
  for (let at = 0; at < text.length; at++)
    for (const other of 'AZaz09-_+/=.\u0000é') {
      if (other === text[at]) continue
      assert.equal(parseMetadata(text.slice(0, at) + other + text.slice(at + 1), 70_000), undefined, `${at} ${other}`)
    }
  for (let end = 0; end < text.length; end++) assert.equal(parseMetadata(text.slice(0, end), 70_000), undefined)
})

test('text of other tools and other versions is no progress', () => {
  const foreign = [
    '',
    'NO_METADATA',
    '{"offset":12}',
    'wb1.',
    'wb1.AAAA',
    'wb1.AAAAAAAA',
    'wb2.AAAAAAAA',
    // Spring, Confluent Parallel Consumer and Kafka Streams write base64 of their own.
    'bQAGAAAAAAEAAA==',
    'AgAAAXmJ3wEB',
    'é'.repeat(2000),
  ]
  for (const text of foreign) assert.equal(parseMetadata(text, 0), undefined, text)
  const text = fc.oneof(
    fc.string(),
    fc.base64String().map((rest) => `wb1.${rest}`),
    fc.string({ unit: 'binary' }),
  )
  fc.assert(
    fc.property(text, fc.nat(), (noise, committed) => assert.equal(parseMetadata(noise, committed), undefined)),
    { numRuns: 20_000 },
  )
})
