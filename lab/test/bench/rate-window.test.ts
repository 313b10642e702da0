import assert from 'node:assert/strict'
import test from 'node:test'
import { ratesOf, type Sighting } from '../../src/bench/rate-window.js'

/** A look every 20 ms at a topic that grows by `perSecond(ms)`. */
function sightings(total: number, perSecond: (ms: number) => number): Sighting[] {
  const seen: Sighting[] = []
  let count = 0
  for (let atMs = 0; ; atMs += 20) {
    seen.push({ atMs, count: Math.min(total, Math.round(count)) })
    if (count >= total) return seen
    count += perSecond(atMs) / 50
  }
}

const near = (value: number, expected: number, share = 0.02): boolean => Math.abs(value / expected - 1) < share

test('an even run has the same rate by every measure', () => {
  const { steady, whole, best } = ratesOf(
    sightings(100_000, () => 50_000),
    { warm: 0, counted: 100_000 },
  )
  for (const rate of [steady, whole, best]) assert.ok(near(rate, 50_000), String(rate))
})

test('a slow start and a slow end do not count in the steady rate, but in the whole', () => {
  const perSecond = (ms: number): number => (ms < 1000 ? 5_000 : 50_000)
  const { steady, whole } = ratesOf(sightings(100_000, perSecond), { warm: 0, counted: 100_000 })
  assert.ok(near(steady, 50_000), String(steady))
  assert.ok(whole < 36_000, String(whole))
})

test('what warms up does not count in the steady rate', () => {
  const perSecond = (ms: number): number => (ms < 2000 ? 10_000 : 40_000)
  const run = sightings(120_000, perSecond)
  assert.ok(near(ratesOf(run, { warm: 20_000, counted: 100_000 }).steady, 40_000))
  assert.ok(ratesOf(run, { warm: 0, counted: 120_000 }).steady < 39_000)
})

test('the best stretch is a second at least', () => {
  const perSecond = (ms: number): number => (ms >= 2000 && ms < 3000 ? 60_000 : ms === 500 ? 900_000 : 20_000)
  const { best } = ratesOf(sightings(200_000, perSecond), { warm: 0, counted: 200_000 })
  assert.ok(near(best, 60_000, 0.05), String(best))
})

test('all in one look is a finite rate', () => {
  const run = [
    { atMs: 0, count: 0 },
    { atMs: 20, count: 1000 },
  ]
  const { steady } = ratesOf(run, { warm: 0, counted: 1000 })
  assert.ok(near(steady, 50_000), String(steady))
})

test('a run that did not come to its end has no rate', () => {
  assert.throws(
    () =>
      ratesOf(
        sightings(1000, () => 50_000),
        { warm: 0, counted: 1001 },
      ),
    /only 1000 of 1001/,
  )
  assert.throws(() => ratesOf([], { warm: 0, counted: 1 }), /only 0 of 1/)
})

test('a high watermark that is told lower than before is passed over', () => {
  const run = sightings(100_000, () => 50_000)
  run.splice(30, 0, { atMs: 590, count: 10 })
  assert.ok(near(ratesOf(run, { warm: 0, counted: 100_000 }).steady, 50_000))
})
