import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Fault, consumerKillCount, dropCount, killCount, schedule, seeded } from '../../src/start/schedule.js'

const settings = { seed: 7, count: 20_000, faults: true, powerLoss: false, fullDisk: false }
const seeds = Array.from({ length: 200 }, (_, seed) => seed)
const count = (faults: readonly Fault[], kind: Fault['kind']): number =>
  faults.filter((one) => one.kind === kind).length

test('the same seed gives the same schedule', () => {
  for (const seed of seeds) assert.deepEqual(schedule({ ...settings, seed }), schedule({ ...settings, seed }))
})

test('another seed gives another schedule', () => {
  assert.equal(new Set(seeds.map((seed) => JSON.stringify(schedule({ ...settings, seed })))).size, seeds.length)
})

test('every schedule has five relay kills, two consumer kills, 20 dropped responses and one broker kill', () => {
  for (const seed of seeds) {
    const faults = schedule({ ...settings, seed })
    assert.equal(count(faults, 'kill-relay'), killCount)
    assert.equal(count(faults, 'kill-consumer'), consumerKillCount)
    assert.equal(count(faults, 'drop-response'), dropCount)
    assert.equal(count(faults, 'kill-broker'), 1)
    assert.equal(faults.length, killCount + consumerKillCount + dropCount + 1)
  }
})

test('faults strike in order, while the airline writes, and relay kills stay apart', () => {
  for (const seed of seeds)
    for (const flights of [100, 1_500, 20_000]) {
      const faults = schedule({ ...settings, seed, count: flights, powerLoss: true, fullDisk: true })
      const at = faults.map((fault) => fault.at)
      assert.deepEqual(
        at,
        [...at].sort((a, b) => a - b),
      )
      assert.ok(
        at.every((one) => one >= 1 && one <= 0.91 * flights),
        `seed ${seed}`,
      )
      const kills = faults.filter(({ kind }) => kind === 'kill-relay').map((fault) => fault.at)
      kills.slice(1).forEach((one, i) => assert.ok(one - (kills[i] ?? 0) >= 0.04 * flights - 1, `seed ${seed}`))
    }
})

test('without faults there are none but those that were asked for', () => {
  assert.deepEqual(schedule({ ...settings, faults: false }), [])
  const kinds = schedule({ ...settings, faults: false, powerLoss: true, fullDisk: true }).map(({ kind }) => kind)
  assert.deepEqual(kinds.sort(), ['full-disk', 'power-loss'])
})

test('the generator is spread evenly', () => {
  const random = seeded(1)
  const tenths = Array.from({ length: 10 }, () => 0)
  for (let i = 0; i < 10_000; i++) {
    const at = Math.floor(random() * 10)
    tenths[at] = (tenths[at] ?? 0) + 1
  }
  for (const tenth of tenths) assert.ok(tenth > 850 && tenth < 1_150, `${tenths}`)
})
