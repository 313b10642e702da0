import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Timers } from '../src/broker.js'
import { connected, started } from './fixture.js'

/** Time that only moves when a test says so. */
class VirtualTime implements Timers {
  ms: number = 1_700_000_000_000
  #waiting: { at: number; action: () => void }[] = []

  now(): number {
    return this.ms
  }

  after(ms: number, action: () => void): () => void {
    const entry = { at: this.ms + ms, action }
    this.#waiting.push(entry)
    return () => {
      this.#waiting = this.#waiting.filter((e) => e !== entry)
    }
  }

  advance(ms: number): void {
    const end = this.ms + ms
    for (;;) {
      const next = this.#waiting.filter((e) => e.at <= end).sort((a, b) => a.at - b.at)[0]
      if (!next) break
      this.#waiting = this.#waiting.filter((e) => e !== next)
      this.ms = next.at
      next.action()
    }
    this.ms = end
  }
}

const T = 'orders'
const HOUR = 3_600_000

test('flush.ms flushes nothing without the scheduler interval, as in Kafka', async (t) => {
  for (const [configs, kept] of [
    [{}, 0],
    [{ 'log.flush.scheduler.interval.ms': '1000' }, 1],
  ] as const) {
    const time = new VirtualTime()
    const broker = await started(t, {
      topics: [{ name: T, configs: { 'flush.ms': '5000' } }],
      configs,
      clock: time,
      timers: time,
    })
    const client = await connected(t, broker)
    await client.produce({ topic: T, values: ['v'], timestamp: time.ms })
    time.advance(10_000)
    await broker.faults.powerLoss()
    assert.equal(await (await connected(t, broker)).end(T), kept, JSON.stringify(configs))
  }
})

test('a producer is forgotten a day after its newest record, retention moves the log start', async (t) => {
  const time = new VirtualTime()
  const broker = await started(t, {
    topics: [{ name: T, configs: { 'retention.ms': String(30 * HOUR) } }],
    clock: time,
    timers: time,
  })
  const client = await connected(t, broker)
  const producerId = await client.producerId()
  await client.produce({ topic: T, producerId, sequence: 0, values: ['v'], timestamp: time.ms })
  time.advance(23 * HOUR)
  assert.equal((await client.producers(T)).length, 1)
  time.advance(2 * HOUR)
  assert.deepEqual([await client.producers(T), (await client.offset(T, -2n)).offset], [[], 0])
  time.advance(6 * HOUR)
  assert.equal((await client.offset(T, -2n)).offset, 1, 'older than 30 h')
})
