import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RelayWatch } from '../../src/cli/readiness.js'
import type { Clock } from '../../src/ports/clock.js'
import type { OutboxStore } from '../../src/ports/outbox-store.js'
import { memoryStore } from '../../src/stores/memory/store.js'
import { silentLog } from '../../src/system/log.js'

/** A clock that the test moves; what sleeps longer than that wakes. */
class Time implements Clock {
  #nowMs = 1_000_000
  #sleepers: { readonly untilMs: number; readonly wake: () => void }[] = []

  monotonicMs(): number {
    return this.#nowMs
  }

  wallMs(): number {
    return this.#nowMs
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#sleepers.push({ untilMs: this.#nowMs + ms, wake: resolve })
      signal?.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  pass(ms: number): void {
    this.#nowMs += ms
    for (const { untilMs, wake } of this.#sleepers) if (untilMs <= this.#nowMs) wake()
  }
}

async function scene(): Promise<{ time: Time; store: OutboxStore; watch: (store?: OutboxStore) => RelayWatch }> {
  const time = new Time()
  const store = memoryStore({ nowMs: () => time.wallMs() })
  await store.migrate({ source: 'shop', lanes: 2 })
  return {
    time,
    store,
    watch: (other = store) => new RelayWatch({ store: other, admin: other.admin }, time, silentLog),
  }
}

const lanes = (...held: number[]): { kind: 'lanes'; owner: string; held: number[] } => ({
  kind: 'lanes',
  owner: 'me',
  held,
})
const backlog = { kind: 'backlog', waiting: 0, oldestMs: 0 } as const

test('a relay is ready when it runs and holds lanes; not while it starts, and not while it stops', async () => {
  const watch = (await scene()).watch()
  assert.deepEqual((await watch.look()).reasons, ['starting: the store was not opened yet'])
  watch.phase('running')
  watch.note(lanes(0, 1))
  assert.deepEqual(await watch.look(), { ready: true, reasons: [], lanesHeld: 2, kafka: 'not asked yet' })
  watch.phase('stopping')
  assert.deepEqual((await watch.look()).reasons, ['stopping: lanes are being given back'])
})

test('without lanes it is ready when living relays hold them all, not when one is free or its lease is over', async () => {
  const { time, store, watch: make } = await scene()
  const watch = make()
  watch.phase('running')
  await store.take('other', 1, 5_000)
  assert.match((await watch.look()).reasons.join(), /1 of 2 are free \(Kafka: not asked yet\)/)
  await store.take('third', 1, 60_000)
  assert.equal((await watch.look()).ready, true)
  time.pass(5_000)
  watch.note({ kind: 'kafka', reachable: false, cause: 'gone' })
  assert.match((await watch.look()).reasons.join(), /1 of 2 are free \(Kafka: unreachable\)/)
})

test('a relay that has not looked at the outbox for 30 s is stuck', async () => {
  const { time, watch: make } = await scene()
  const watch = make()
  watch.phase('running')
  watch.note(lanes(0))
  time.pass(29_000)
  assert.equal((await watch.look()).ready, true)
  watch.note(backlog)
  time.pass(30_001)
  assert.deepEqual((await watch.look()).reasons, ['stuck: the relay has not looked at the outbox for 30 s'])
  watch.note(backlog)
  assert.equal((await watch.look()).ready, true)
})

test('a store that fails or hangs is not reachable, and a hanging one is asked once, however many look', async () => {
  const { time, store, watch: make } = await scene()
  let asked = 0
  let answer = (): void => {}
  let fails = true
  const flaky: OutboxStore = {
    ...store,
    async nowMs() {
      asked++
      if (fails) throw new Error('connection refused')
      await new Promise<void>((resolve) => (answer = resolve))
      return 0
    },
  }
  const watch = make(flaky)
  watch.phase('running')
  watch.note(lanes(0))
  assert.deepEqual((await watch.look()).reasons, ['the store is not reachable: connection refused'])
  fails = false
  const looks = [watch.look(), watch.look()]
  time.pass(2_000)
  for (const { reasons } of await Promise.all(looks)) assert.deepEqual(reasons, ['the store did not answer in 2000 ms'])
  assert.equal(asked, 2)
  const last = watch.look()
  answer()
  assert.equal((await last).ready, true)
})
