import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { BatchEnd } from '../../src/consume/batch-dispatcher.js'
import { BatchDispatcher } from '../../src/consume/batch-dispatcher.js'
import type { Work } from '../../src/consume/dispatcher.js'
import type { HandlingOrder } from '../../src/consume/options.js'
import { AssignedPartition } from '../../src/consume/partition.js'
import { jsonCodec } from '../../src/model/codec.js'
import { ReceivedMessage } from '../../src/model/received-message.js'
import { Dice } from '../simulation/dice.js'

const place = { topic: 't', topicId: 'a'.repeat(32), partition: 0 }

/** A dispatcher whose batches end when the test says so. */
class Bench {
  readonly started: number[][] = []
  readonly partition: AssignedPartition = activePartition()
  readonly dispatcher: BatchDispatcher
  readonly #ends = new Map<number, (end: BatchEnd) => void>()

  constructor(order: HandlingOrder, { workers = 4, max = 3 }: { workers?: number; max?: number } = {}) {
    this.dispatcher = new BatchDispatcher(order, workers, max, (works) => {
      const offsets = works.map(({ message }) => message.offset)
      this.started.push(offsets)
      return new Promise((resolve) => this.#ends.set(offsets[0] ?? -1, resolve))
    })
  }

  add(offset: number, key: string | null, partition: AssignedPartition = this.partition): Work {
    const record = { ...partition.place, offset, timestampMs: 0, leaderEpoch: 0, value: null, headers: [] }
    const message = new ReceivedMessage({ ...record, key: key === null ? null : Buffer.from(key) }, jsonCodec)
    const work: Work = { partition, message, bytes: 1, attempts: 0 }
    this.dispatcher.add([work])
    return work
  }

  /** Ends the batch that begins with this offset. */
  async end(first: number, how: BatchEnd): Promise<void> {
    this.#ends.get(first)?.(how)
    await setImmediate()
  }
}

function activePartition(partition = 0): AssignedPartition {
  const active = new AssignedPartition({ ...place, partition })
  active.phase = 'active'
  return active
}

const done = (count: number): BatchEnd => ({ ends: Array.from({ length: count }, () => 'done') })

function gate(): { readonly open: () => void; readonly passed: Promise<void> } {
  let open = (): void => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open: () => open(), passed }
}

test('what comes in one piece is handled together, by offset, up to the limit; a key is in one batch only', async () => {
  const bench = new Bench('key', { max: 3 })
  for (const [offset, key] of ['a', 'b', 'a', 'b', 'a', 'c'].entries()) bench.add(offset, key)
  await setImmediate()
  assert.deepEqual(bench.started, [
    [0, 2, 4],
    [1, 3, 5],
  ])
  bench.add(6, 'a')
  bench.add(7, 'd')
  await setImmediate()
  assert.deepEqual(bench.started.slice(2), [[7]], 'key a waits for its batch')
  await bench.end(0, done(3))
  assert.deepEqual(bench.started.slice(3), [[6]])
})

test('a batch has messages of one partition only, and partitions take turns', async () => {
  const bench = new Bench('none', { workers: 1, max: 2 })
  const other = activePartition(1)
  for (const offset of [0, 1, 2, 3]) bench.add(offset, null)
  for (const offset of [10, 11]) bench.add(offset, null, other)
  await setImmediate()
  await bench.end(0, done(2))
  await bench.end(10, done(2))
  assert.deepEqual(bench.started, [
    [0, 1],
    [10, 11],
    [2, 3],
  ])
})

test('order partition: consecutive messages, one batch at a time', async () => {
  const bench = new Bench('partition', { max: 2 })
  for (const offset of [0, 1, 2]) bench.add(offset, `k${offset}`)
  await setImmediate()
  assert.deepEqual(bench.started, [[0, 1]])
  await bench.end(0, done(2))
  assert.deepEqual(bench.started, [[0, 1], [2]])
})

test('a batch that is tried again is the same one, its keys wait with it, and its pause occupies no worker', async () => {
  const bench = new Bench('key', { workers: 1, max: 2 })
  for (const [offset, key] of ['a', 'b', 'a', 'c'].entries()) bench.add(offset, key)
  await setImmediate()
  const { open, passed } = gate()
  assert.deepEqual(bench.started, [[0, 2]])
  await bench.end(0, { sameAfter: passed })
  assert.deepEqual(bench.started, [
    [0, 2],
    [1, 3],
  ])
  bench.add(4, 'a')
  await bench.end(1, done(2))
  assert.equal(bench.started.length, 2, 'key a waits')
  open()
  await setImmediate()
  assert.deepEqual(bench.started[2], [0, 2])
  await bench.end(0, done(2))
  assert.deepEqual(bench.started[3], [4])
})

test('a message that is alone gets a batch of its own; what is behind it in its order waits, the others flow', async () => {
  const bench = new Bench('key', { max: 4, workers: 1 })
  const works = ['a', 'b', 'a', 'b'].map((key, offset) => bench.add(offset, key))
  await setImmediate()
  const [first] = works
  assert.ok(first)
  first.alone = true
  const { open, passed } = gate()
  await bench.end(0, { ends: [{ againAfter: passed }, 'done', 'again', 'again'] })
  bench.add(4, 'c')
  await setImmediate()
  assert.deepEqual(bench.started, [[0, 1, 2, 3], [3]])
  await bench.end(3, done(1))
  assert.deepEqual(bench.started[2], [4])
  await bench.end(4, done(1))
  open()
  await setImmediate()
  assert.deepEqual(bench.started[3], [0])
  await bench.end(0, done(1))
  assert.deepEqual(bench.started[4], [2])
})

test('a message without a key that waits for its next try comes again', async () => {
  const bench = new Bench('key')
  bench.add(0, null)
  bench.add(1, null)
  await setImmediate()
  const { open, passed } = gate()
  await bench.end(0, { ends: [{ againAfter: passed }, 'done'] })
  assert.equal(bench.started.length, 1)
  open()
  await setImmediate()
  assert.deepEqual(bench.started, [[0, 1], [0]])
})

test('dropped is what is in no batch; the fresh record of a key waits for the stale batch, and is not in one with stale ones', async () => {
  const bench = new Bench('key', { max: 2 })
  bench.add(0, 'a')
  bench.add(1, 'a')
  const waiting = bench.add(2, 'a')
  await setImmediate()
  assert.deepEqual(bench.dispatcher.drop(bench.partition), [waiting])
  bench.partition.phase = 'gone'
  const fresh = activePartition()
  for (const offset of [0, 1]) bench.add(offset, 'a', fresh)
  bench.add(5, 'b', fresh)
  await setImmediate()
  assert.deepEqual(bench.started, [[0, 1], [5]])
  await bench.end(0, done(2))
  assert.deepEqual(bench.started[2], [0, 1])
})

test('of a paused partition nothing new starts, neither a batch that waits for its next try, and all follows after resume', async () => {
  const bench = new Bench('key', { max: 2 })
  bench.add(0, 'a')
  bench.add(1, 'b')
  await setImmediate()
  bench.partition.paused = true
  bench.add(2, 'c')
  await bench.end(0, { sameAfter: Promise.resolve() })
  assert.deepEqual(bench.started, [[0, 1]])
  bench.partition.paused = false
  bench.dispatcher.resume()
  await setImmediate()
  assert.deepEqual(bench.started, [[0, 1], [0, 1], [2]])
})

test('after stop nothing starts', async () => {
  const bench = new Bench('none')
  bench.add(0, null)
  bench.dispatcher.stop()
  await setImmediate()
  assert.deepEqual(bench.started, [])
})

for (const order of ['key', 'partition', 'none'] as const)
  test(`order ${order}: whatever fails and pauses, no message is left behind, none runs twice at once, and the order holds`, async (t) => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    t.diagnostic(`seed ${seed}`)
    const dice = new Dice(seed)
    for (let round = 0; round < 200; round++) await randomRound(order, dice, `seed ${seed} round ${round}`)
  })

/** Messages with random keys through random ends; checks after each start, and that all get through. */
async function randomRound(order: HandlingOrder, dice: Dice, where: string): Promise<void> {
  const partitions = [activePartition(0), activePartition(1)]
  const through: Work[] = []
  const running = new Set<Work>()
  const lineupOf = ({ message, partition }: Work): string =>
    order === 'partition'
      ? String(partition.place.partition)
      : `${partition.place.partition} ${order === 'key' && message.key ? Buffer.from(message.key).toString() : message.offset}`
  const dispatcher = new BatchDispatcher(order, 1 + dice.whole(3), 1 + dice.whole(4), async (works) => {
    for (const work of works) {
      for (const one of running) assert.notEqual(lineupOf(one), lineupOf(work), `${where}: two of one order at once`)
      assert.equal(work.partition, works[0]?.partition, where)
    }
    assert.ok(works.length === 1 || !works.some(({ alone }) => alone), where)
    for (const work of works) running.add(work)
    for (let hop = dice.whole(3); hop > 0; hop--) await setImmediate()
    for (const work of works) running.delete(work)
    if (dice.chance(0.2)) return { sameAfter: setImmediate() }
    const failed: Work[] = []
    const ends = works.map((work) => {
      if (failed.some((one) => lineupOf(one) === lineupOf(work))) return 'again' as const
      if (!dice.chance(0.2)) {
        through.push(work)
        return 'done' as const
      }
      failed.push(work)
      work.alone = dice.chance(0.5)
      return dice.chance(0.5) ? ('again' as const) : { againAfter: setImmediate() }
    })
    return { ends }
  })
  const count = 1 + dice.whole(15)
  for (let offset = 0; offset < count; offset++) {
    const partition = dice.pick(partitions)
    const key = dice.chance(0.2) ? null : Buffer.from(dice.pick(['a', 'b', 'c']))
    const record = { ...partition.place, offset, timestampMs: 0, leaderEpoch: 0, value: null, headers: [], key }
    dispatcher.add([{ partition, message: new ReceivedMessage(record, jsonCodec), bytes: 1, attempts: 0 }])
    if (dice.chance(0.2)) await setImmediate()
  }
  for (let turn = 0; through.length < count; turn++) {
    assert.ok(turn < 2_000, `${where}: ${through.length} of ${count}`)
    await setImmediate()
  }
  const last = new Map<string, number>()
  for (const work of through) {
    const { offset } = work.message
    const lineup = lineupOf(work)
    assert.ok((last.get(lineup) ?? -1) < offset, `${where}: ${lineup} offset ${offset}`)
    last.set(lineup, offset)
  }
}
