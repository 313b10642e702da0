import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConsumeContext } from '../../src/consume/consume-context.js'
import { InboxPurge } from '../../src/consume/inbox-purge.js'
import { consumeSettings } from '../../src/consume/options.js'
import { jsonCodec } from '../../src/model/codec.js'
import type { TopicView } from '../../src/ports/broker.js'
import type { InboxStore } from '../../src/ports/inbox-store.js'
import { memoryStore } from '../../src/stores/memory/store.js'
import { memoryTransactions } from '../../src/stores/memory/transactions.js'
import { noFailpoints } from '../../src/system/failpoints.js'
import { silentLog } from '../../src/system/log.js'
import { HandClock } from './hand-clock.js'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

type Tx = ReturnType<ReturnType<typeof memoryStore>['begin']>

/** A purge on the memory store whose topics keep records for so long (`undefined`: not told). */
class Bench {
  readonly clock: HandClock = new HandClock()
  readonly warnings: string[] = []
  /** What `purge` was asked and what it answered, in order. */
  readonly calls: { readonly olderThanMs: number; readonly limit: number; readonly count: number }[] = []
  isOwner = true
  /** Runs before each purge: to fail, or never to end. */
  before: () => Promise<void> = async () => undefined
  readonly #store = memoryStore({ nowMs: () => this.clock.wallMs() })
  readonly #stop = new AbortController()
  #running: Promise<void> | undefined

  readonly keptMs: Map<string, number | undefined>

  constructor(keptMs: Map<string, number | undefined>) {
    this.keptMs = keptMs
  }

  async start(keepInboxMs: number, entries: number): Promise<void> {
    const { inbox } = this.#store
    await inbox.migrate()
    const transactions = memoryTransactions(this.#store)
    for (let at = 0; at < entries; at++)
      await transactions.run(async (tx) => {
        const entry = { group: 'g', source: 's', messageId: String(at), timeMs: this.clock.wallMs() }
        assert.ok(await inbox.accept(transactions, tx, entry))
      })
    const context: ConsumeContext<Tx> = {
      kafka: this.#kafka(),
      clock: this.clock,
      random: { next: () => 0.5, bytes: (count) => new Uint8Array(count) },
      log: { ...silentLog, warn: (text, facts) => this.warnings.push(`${text} ${JSON.stringify(facts)}`) },
      events: { emit: () => undefined },
      failpoints: noFailpoints,
      group: 'g',
      topics: [...this.keptMs.keys()],
      settings: consumeSettings({ keepInboxMs }),
      inbox: { store: this.#watched(inbox), transactions },
      handle: () => undefined,
      retryable: () => true,
      codecOf: () => jsonCodec,
      deadLetterTopicOf: (topic) => `${topic}.g.dead`,
    }
    this.#running = new InboxPurge(context, () => this.isOwner).run(this.#stop.signal)
  }

  /** Entries that are still known. */
  get left(): number {
    return this.#store.inbox.size
  }

  /** Resolves when the purge has ended. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  #watched(inbox: InboxStore): InboxStore {
    return {
      ...inbox,
      purge: async (group, olderThanMs, limit) => {
        await this.before()
        const count = await inbox.purge(group, olderThanMs, limit)
        this.calls.push({ olderThanMs, limit, count })
        return count
      },
    }
  }

  #kafka(): ConsumeContext<Tx>['kafka'] {
    const nowhere = (): never => assert.fail('a purge neither joins nor reads')
    const describeTopic = async (topic: string): Promise<TopicView> => {
      const keptMs = this.keptMs.get(topic)
      return {
        topic,
        topicId: 'a'.repeat(32),
        partitions: [],
        replicationFactor: 1,
        maxMessageBytes: 1,
        // What the relay assumes where nothing may be read; it must not count here.
        retentionMs: hourMs,
        timestampType: 'unknown',
        producerIdExpirationMs: dayMs,
        ...(keptMs === undefined ? {} : { keptMs }),
      }
    }
    return {
      join: nowhere,
      fetch: nowhere,
      offsets: nowhere,
      endOffsetForEpoch: nowhere,
      offsetAt: nowhere,
      initProducerId: nowhere,
      produce: nowhere,
      describeTopic,
    }
  }
}

const kept = (...times: readonly (number | undefined)[]): Map<string, number | undefined> =>
  new Map(times.map((time, at) => [`t${at}`, time]))

test('entries go when they are older than keepInboxMs, in batches, all of them in one round', async () => {
  const bench = new Bench(kept(dayMs))
  await bench.start(7 * dayMs, 2_500)
  await bench.clock.pass(7 * dayMs)
  assert.equal(bench.left, 2_500, 'none before its time')
  await bench.clock.pass(hourMs)
  assert.equal(bench.left, 0)
  const emptied = bench.calls.filter(({ count }) => count > 0)
  assert.deepEqual(
    emptied,
    [1_000, 1_000, 500].map((count) => ({ olderThanMs: 7 * dayMs, limit: 1_000, count })),
  )
  await bench.stop()
})

test('what a topic may still hold is still known: the longest retention of all topics counts when it is longer', async () => {
  const bench = new Bench(kept(dayMs, 30 * dayMs))
  await bench.start(7 * dayMs, 3)
  await bench.clock.pass(30 * dayMs)
  assert.equal(bench.left, 3)
  assert.ok(bench.calls.length > 0)
  await bench.clock.pass(hourMs)
  assert.equal(bench.left, 0)
  await bench.stop()
})

for (const [name, topics, keepInboxMs, reason] of [
  ['the retention of one topic cannot be read', kept(dayMs, undefined), 0, /t1 cannot be read; grant DESCRIBE_CONFIGS/],
  ['one topic keeps its records for ever', kept(dayMs, -1), 0, /t1 keeps its records without a limit/],
  ['keepInboxMs is Infinity', kept(dayMs), Number.POSITIVE_INFINITY, /kept for Infinity/],
] as const)
  test(`nothing is purged while ${name}, and that is told once`, async () => {
    const bench = new Bench(topics)
    await bench.start(keepInboxMs, 3)
    await bench.clock.pass(400 * dayMs)
    assert.deepEqual(bench.calls, [])
    assert.equal(bench.left, 3)
    assert.equal(bench.warnings.length, 1)
    assert.match(bench.warnings[0] ?? '', reason)
    // As soon as the reason is gone, it goes on.
    for (const topic of topics.keys()) topics.set(topic, dayMs)
    await bench.clock.pass(2 * hourMs)
    assert.equal(bench.left, keepInboxMs === 0 ? 0 : 3)
    await bench.stop()
  })

test('only the member whose turn it is purges, and never in the first minutes', async () => {
  const bench = new Bench(kept(0))
  bench.isOwner = false
  await bench.start(0, 3)
  await bench.clock.pass(2 * dayMs)
  assert.deepEqual(bench.calls, [])
  bench.isOwner = true
  await bench.clock.pass(hourMs)
  assert.equal(bench.left, 0)
  await bench.stop()
  const young = new Bench(kept(0))
  await young.start(0, 3)
  await young.clock.pass(4 * minuteMs)
  assert.deepEqual(young.calls, [])
  await young.stop()
})

test('a database that fails is asked again in minutes, not in an hour', async () => {
  const bench = new Bench(kept(0))
  let failures = 0
  bench.before = async () => {
    if (failures++ < 2) throw new Error('the disk is full')
  }
  await bench.start(0, 3)
  await bench.clock.pass(16 * minuteMs)
  assert.equal(bench.left, 0)
  assert.equal(bench.warnings.length, 2)
  assert.match(bench.warnings[0] ?? '', /could not be purged, trying again.*the disk is full/)
  await bench.stop()
})

test('a purge that never ends has a deadline, no second one begins beside it, and the consumer can stop', async () => {
  const bench = new Bench(kept(0))
  let begun = 0
  let end = (): void => {}
  bench.before = () => {
    begun++
    return new Promise((resolve) => {
      end = resolve
    })
  }
  await bench.start(0, 3)
  await bench.clock.pass(hourMs)
  assert.equal(begun, 1)
  assert.match(bench.warnings[0] ?? '', /WB_DEADLINE: the purge of the inbox: no end after 30000 ms/)
  bench.before = async () => undefined
  end()
  await bench.clock.pass(10 * minuteMs)
  assert.equal(bench.left, 0)
  bench.before = () => new Promise<never>(() => undefined)
  await bench.clock.pass(hourMs - minuteMs)
  await bench.stop()
})
