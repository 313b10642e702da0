import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WaybillEvent } from '../../src/ports/events.js'
import type { OutboxStore } from '../../src/ports/outbox-store.js'
import { memoryStore } from '../../src/stores/memory/store.js'
import { memoryTransactions } from '../../src/stores/memory/transactions.js'
import { metrics } from '../../src/telemetry.js'
import { metricTable } from '../../src/telemetry/metric-table.js'
import type { MetricDefinition } from '../../src/telemetry/metric-table.js'
import { parseExposition } from './exposition-parser.js'
import type { Family } from './exposition-parser.js'

const stream = { lane: 0, topic: 'orders', partition: 0 }
const definitions: Readonly<Record<string, MetricDefinition>> = metricTable
const ofStore = Object.keys(metricTable).filter((name) => definitions[name]?.from === 'store')
const outbox = { source: 'shop', lanes: 4 }

async function store(): Promise<{ readonly store: OutboxStore; pass(ms: number): void }> {
  let nowMs = 1_700_000_000_000
  const memory = memoryStore({ nowMs: () => nowMs })
  await memory.migrate(outbox)
  const transactions = memoryTransactions(memory)
  const bytes = new Uint8Array(1)
  const row = { lane: 1, topic: 'orders', key: bytes, headers: [], value: bytes }
  await transactions.run((tx) =>
    memory.enqueue(
      transactions,
      tx,
      ['01', '02', '03'].map((id) => ({ ...row, messageId: id.padStart(32, '0') })),
    ),
  )
  return { store: memory, pass: (ms) => (nowMs += ms) }
}

async function scrape(source: { text(): Promise<string> }): Promise<ReadonlyMap<string, Family>> {
  return parseExposition(await source.text())
}

function value(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Record<string, string> = {},
): number | undefined {
  const [family] = [families.get(name), families.get(name.replace(/_(bucket|sum|count)$/, ''))].filter((one) => one)
  const same = (one: Readonly<Record<string, string>>): boolean => JSON.stringify(one) === JSON.stringify(labels)
  return family?.samples.find((sample) => sample.name === name && same(sample.labels))?.value
}

test('what the relay tells is counted, in the format that a scraper reads', async () => {
  const seen = metrics()
  const events: WaybillEvent[] = [
    { kind: 'enqueued', count: 5 },
    { kind: 'acked', stream, count: 2, baseOffset: 0, tookMs: 4, waitedMs: [3, 40_000] },
    { kind: 'acked', stream, count: 1, baseOffset: 2, waitedMs: [5_000_000] },
    { kind: 'unanswered', stream, cause: 'x' },
    { kind: 'refused', stream, code: 'A "quoted\\\n" code' },
    { kind: 'resolved', stream, outcome: 'found' },
    { kind: 'lane-lost', lane: 3 },
    { kind: 'lanes', owner: 'me', held: [1, 2] },
    { kind: 'kafka', reachable: false, cause: 'gone' },
    { kind: 'finding', finding: 'duplicate', stream, detail: 'd' },
    { kind: 'handled', topic: 't', partition: 0, offset: 0, already: true },
    { kind: 'handled', topic: 't', partition: 0, offset: 1, already: false },
    { kind: 'handler-failed', topic: 't', partition: 0, offset: 2, attempt: 1, cause: 'x' },
    { kind: 'dead-letter-failed', topic: 't', partition: 0, offset: 2, tries: 1, cause: 'x' },
    { kind: 'dead-lettered', topic: 't', partition: 0, offset: 2, receipt: { topic: 'd', partition: 0, offset: 0 } },
  ]
  for (const event of events) seen.onEvent(event)
  const all = await scrape(seen)
  assert.deepEqual(
    Object.fromEntries(
      [...all].filter(([, { type }]) => type !== 'histogram').map(([name, { samples }]) => [name, samples[0]?.value]),
    ),
    {
      waybill_build_info: 1,
      waybill_kafka_reachable: 0,
      waybill_lanes_held: 2,
      waybill_enqueued_total: 5,
      waybill_acknowledged_total: 3,
      waybill_lease_losses_total: 1,
      waybill_unanswered_total: 1,
      waybill_refused_total: 1,
      waybill_resolved_total: 1,
      waybill_findings_total: 1,
      waybill_handled_total: 1,
      waybill_handled_before_total: 1,
      waybill_handler_failures_total: 1,
      waybill_dead_letters_total: 1,
      waybill_dead_letter_failures_total: 1,
    },
  )
  assert.equal(all.get('waybill_refused_total')?.samples[0]?.labels.code, 'A "quoted\\\n" code')
  assert.deepEqual(
    [0.0025, 0.005].map((le) => value(all, 'waybill_publish_seconds_bucket', { le: String(le) })),
    [0, 1],
    'an acknowledgement that was read back has no request of its own',
  )
  const late = ['0.005', '30', '60', '3600', '+Inf'].map((le) =>
    value(all, 'waybill_time_in_outbox_seconds_bucket', { le }),
  )
  assert.deepEqual(late, [1, 1, 2, 2, 3])
  assert.equal(value(all, 'waybill_time_in_outbox_seconds_sum'), 5040.003)
})

test('counters start at zero, so that a rate sees the first event; what is not known yet is absent', async () => {
  const all = await scrape(metrics())
  for (const [name, { type, label }] of Object.entries(definitions))
    if (type === 'counter' && label === undefined) assert.equal(value(all, name), 0, name)
  assert.equal(value(all, 'waybill_resolved_total', { outcome: 'unknown' }), 0)
  for (const absent of ['waybill_kafka_reachable', 'waybill_lanes_held', 'waybill_store_up', ...ofStore])
    assert(!all.has(absent), absent)
})

test("the store's gauges are asked at each scrape, ages by the database clock", async () => {
  const { store: memory, pass } = await store()
  const seen = metrics({ store: memory })
  pass(1_500)
  await memory.take('relay', 3, 1_000)
  const all = await scrape(seen)
  for (const name of ofStore) assert(all.has(name), name)
  assert.deepEqual(
    ['oldest_age_seconds', 'waiting', 'in_flight', 'held', 'held_keys', 'parked'].map((name) =>
      value(all, `waybill_outbox_${name}`),
    ),
    [1.5, 3, 0, 0, 0, 0],
  )
  assert.deepEqual([value(all, 'waybill_lanes'), value(all, 'waybill_lanes_unowned')], [4, 1])
  assert.equal(value(all, 'waybill_store_up'), 1)
  pass(2_000)
  const later = await scrape(seen)
  assert.deepEqual([value(later, 'waybill_outbox_oldest_age_seconds'), value(later, 'waybill_lanes_unowned')], [3.5, 4])
})

test('a store that fails or hangs takes its gauges away at once, and they come back with it', async () => {
  const { store: memory } = await store()
  let mode: 'works' | 'fails' | 'hangs' = 'works'
  let asked = 0
  let release = (): void => {}
  const flaky: OutboxStore = {
    ...memory,
    async backlog() {
      asked++
      if (mode === 'fails') throw new Error('connection lost')
      if (mode === 'hangs') await new Promise<void>((resolve) => (release = resolve))
      return memory.backlog()
    },
  }
  const seen = metrics({ store: flaky, timeoutMs: 30 })
  const gauges = async (): Promise<number> => {
    const all = await scrape(seen)
    assert.equal(value(all, 'waybill_store_up'), ofStore.some((name) => all.has(name)) ? 1 : 0)
    return ofStore.filter((name) => all.has(name)).length
  }
  assert.equal(await gauges(), ofStore.length)
  mode = 'fails'
  assert.equal(await gauges(), 0)
  mode = 'hangs'
  assert.deepEqual(await Promise.all([gauges(), gauges()]), [0, 0])
  const before = asked
  assert.equal(await gauges(), 0)
  assert.equal(asked, before, 'a hanging store is not asked again on top')
  mode = 'works'
  release()
  for (const until = Date.now() + 5_000; (await gauges()) !== ofStore.length; ) assert(Date.now() < until)
})

test('the parser of these tests refuses what is not the format', () => {
  const good = '# HELP a text\n# TYPE a counter\na{x="1"} 1\n'
  parseExposition(good)
  for (const bad of [
    good.slice(0, -1),
    good.replace('# TYPE a counter\n', ''),
    good.replace('counter', 'count'),
    good.replace('a{x="1"} 1', 'a{x="1} 1'),
    good.replace('a{x="1"} 1', 'b 1'),
    good.replace('a{x="1"} 1', 'a 1x'),
    good.replace('a{x="1"} 1', 'a -1'),
    `${good}a{x="1"} 2\n`,
    `${good}${good}`,
    '# HELP h t\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
    '# HELP h t\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_sum 1\nh_count 2\n',
  ])
    assert.throws(() => parseExposition(bad), Error, bad)
})
