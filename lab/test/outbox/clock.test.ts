// The clock of the host jumps while relays run. With SQLite the host's clock is the database's clock, too.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createWaybill, silentLog } from 'waybill'
import { memoryStore, memoryTransactions } from 'waybill/memory'
import { until } from '../../src/cluster/until.js'
import { Stage, topic } from './stage.js'

const hourMs = 3_600_000
const deadlineMs = 30_000

async function drained(relay: { backlog(): Promise<{ readonly waiting: number }> }): Promise<void> {
  const done = async (): Promise<boolean> => (await relay.backlog()).waiting === 0
  await until(done, { what: 'an empty outbox', deadlineMs })
}

/** Each key's values are 0, 1, 2 … in the order of the topic. */
async function assertAll(stage: Stage, keys: readonly string[], count: number): Promise<void> {
  const records = await stage.records()
  const expected = Array.from({ length: count }, (_, n) => String(n))
  for (const key of keys)
    assert.deepEqual(
      records.filter((record) => record.key === key).map(({ value }) => value),
      expected,
      key,
    )
}

/** Two relays on one database of one host, whose clock is `aheadMs` off. */
async function twoRelays(stage: Stage) {
  let aheadMs = 0
  const wallMs = (): number => Date.now() + aheadMs
  const store = memoryStore({ nowMs: wallMs })
  const clock = {
    monotonicMs: () => performance.now(),
    wallMs,
    sleep: (ms: number, signal?: AbortSignal) =>
      sleep(ms, undefined, { ...(signal && { signal }) }).catch(() => undefined),
  }
  const events: string[] = []
  const make = () =>
    createWaybill({
      source: 'shop',
      lanes: 4,
      brokers: [stage.broker.bootstrap],
      store,
      transactions: memoryTransactions(store),
      relay: { leaseMs: 1_000, drainMs: 200, backoffMinMs: 10, backoffMaxMs: 500, pollMs: 10, alertAfterMs: 1_000 },
      clock,
      log: silentLog,
      onEvent: ({ kind }) => events.push(kind),
    })
  return { store, events, relays: [make(), make()] as const, jump: (ms: number) => (aheadMs += ms) }
}

for (const [name, jumps] of [
  ['an hour forward', [hourMs]],
  ['an hour back', [-hourMs]],
  ['forward and back a few times', [hourMs / 2, -hourMs, hourMs, -hourMs / 2]],
] as const)
  test(`the clock jumps ${name} while two relays run: each message once, each key in order, none is refused for it`, async (t) => {
    const stage = await Stage.open(t)
    const { store, events, relays, jump } = await twoRelays(stage)
    const [first, second] = relays
    t.after(async () => {
      for (const relay of relays) await relay.stop({ drainMs: 200 })
    })
    for (const relay of relays) await relay.start()
    let sent = 0
    const send = async (count: number): Promise<void> => {
      for (const endAt = sent + count; sent < endAt; ) {
        const value = String(sent++)
        const messages = ['a', 'b', 'c'].map((key) => ({ topic, key, value }))
        await first.transaction((tx) => first.send(tx, messages))
        await sleep(2)
      }
    }
    await send(150)
    for (const ms of jumps) {
      jump(ms)
      await send(150)
    }
    await drained(second)
    await assertAll(stage, ['a', 'b', 'c'], sent)
    assert.equal(store.parked().length, 0)
    assert.ok(!events.includes('refused') && !events.includes('finding'), [...new Set(events)].join(' '))
  })

test('a clock further ahead than Kafka takes: messages wait, none is refused for it, the alert says so; then all come', async (t) => {
  const stage = await Stage.open(t)
  const { events, relays, jump } = await twoRelays(stage)
  const [relay] = relays
  t.after(async () => {
    for (const each of relays) await each.stop({ drainMs: 200 })
  })
  await relay.start()
  const send = (value: number) => relay.transaction((tx) => relay.send(tx, { topic, key: 'a', value: String(value) }))
  await send(0)
  await drained(relay)
  jump(2 * hourMs)
  for (const value of [1, 2]) await send(value)
  const alerted = async (): Promise<boolean> =>
    (await relay.openAlerts()).some(
      ({ kind, detail }) => kind === 'delayed' && /orders\/0: INVALID_TIMESTAMP .*; compare the clocks/.test(detail),
    )
  await until(alerted, { what: 'the alert', deadlineMs })
  const { waiting, held, parked } = await relay.backlog()
  assert.deepEqual({ waiting, held, parked }, { waiting: 2, held: 0, parked: 0 })
  assert.ok(!events.includes('refused'))
  jump(-2 * hourMs)
  await send(3)
  await stage.admin.alterTopic(topic, { 'message.timestamp.after.max.ms': String(3 * hourMs) })
  await drained(relay)
  await assertAll(stage, ['a'], 4)
})
