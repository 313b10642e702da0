import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Work } from '../../src/consume/dispatcher.js'
import { Dispatcher } from '../../src/consume/dispatcher.js'
import type { HandlingOrder } from '../../src/consume/options.js'
import { AssignedPartition } from '../../src/consume/partition.js'
import { jsonCodec } from '../../src/model/codec.js'
import { ReceivedMessage } from '../../src/model/received-message.js'

type End = 'done' | { readonly againAfter: Promise<void> }

/** A dispatcher whose handlers end when the test says so. */
class Bench {
  readonly started: number[] = []
  readonly partition: AssignedPartition = new AssignedPartition({ topic: 't', topicId: 'a'.repeat(32), partition: 0 })
  readonly dispatcher: Dispatcher
  readonly #ends = new Map<number, (end: End) => void>()

  constructor(order: HandlingOrder, workers: number) {
    this.dispatcher = new Dispatcher(order, workers, ({ message }) => {
      this.started.push(message.offset)
      return new Promise((resolve) => this.#ends.set(message.offset, resolve))
    })
  }

  add(offset: number, key: string | null, partition: AssignedPartition = this.partition): Work {
    const message = new ReceivedMessage(
      {
        topic: 't',
        partition: 0,
        offset,
        timestampMs: 0,
        leaderEpoch: 0,
        key: key === null ? null : Buffer.from(key),
        value: null,
        headers: [],
      },
      jsonCodec,
    )
    const work: Work = { partition, message, bytes: 1, attempts: 0 }
    this.dispatcher.add([work])
    return work
  }

  async end(offset: number, how: End = 'done'): Promise<void> {
    this.#ends.get(offset)?.(how)
    await setImmediate()
  }
}

test('messages of one key follow each other, other keys run beside them', async () => {
  const bench = new Bench('key', 8)
  bench.add(1, 'a')
  bench.add(2, 'a')
  bench.add(3, 'b')
  assert.deepEqual(bench.started, [1, 3])
  await bench.end(3)
  assert.deepEqual(bench.started, [1, 3])
  await bench.end(1)
  assert.deepEqual(bench.started, [1, 3, 2])
})

test('messages without a key are unordered', () => {
  const bench = new Bench('key', 8)
  bench.add(1, null)
  bench.add(2, null)
  assert.deepEqual(bench.started, [1, 2])
})

test('order partition runs one message of a partition at a time, order none runs all', () => {
  const one = new Bench('partition', 8)
  const all = new Bench('none', 8)
  for (const bench of [one, all]) for (const offset of [1, 2, 3]) bench.add(offset, 'a')
  assert.deepEqual(one.started, [1])
  assert.deepEqual(all.started, [1, 2, 3])
})

test('never more than `workers` handlers run at once', async () => {
  const bench = new Bench('none', 2)
  for (let offset = 0; offset < 5; offset++) bench.add(offset, null)
  assert.deepEqual(bench.started, [0, 1])
  assert.equal(bench.dispatcher.running, 2)
  await bench.end(1)
  assert.deepEqual(bench.started, [0, 1, 2])
})

test('a failed message is tried again before its key goes on, and its pause occupies no worker', async () => {
  const bench = new Bench('key', 1)
  let again: () => void = () => {}
  const againAfter = new Promise<void>((resolve) => {
    again = resolve
  })
  bench.add(1, 'a')
  bench.add(2, 'a')
  bench.add(3, 'b')
  await bench.end(1, { againAfter })
  assert.deepEqual(bench.started, [1, 3], 'key b runs on the only worker while key a pauses')
  await bench.end(3)
  again()
  await setImmediate()
  assert.deepEqual(bench.started, [1, 3, 1])
  await bench.end(1)
  assert.deepEqual(bench.started, [1, 3, 1, 2])
})

test('after a rebalance the fresh record of the same offset waits for the stale handler and is then handled itself', async () => {
  const bench = new Bench('key', 4)
  bench.add(1, 'a')
  const waiting = bench.add(2, 'a')
  assert.deepEqual(bench.dispatcher.drop(bench.partition), [waiting])
  const again = new AssignedPartition(bench.partition.place)
  bench.add(1, 'a', again)
  assert.deepEqual(bench.started, [1])
  await bench.end(1)
  assert.deepEqual(bench.started, [1, 1])
})

test('after stop nothing starts', async () => {
  const bench = new Bench('none', 1)
  bench.add(1, null)
  bench.add(2, null)
  bench.dispatcher.stop()
  await bench.end(1)
  assert.deepEqual(bench.started, [1])
})

test('of a paused partition nothing new starts, what runs may end, and after resume its messages follow', async () => {
  const bench = new Bench('key', 4)
  const other = new AssignedPartition({ ...bench.partition.place, partition: 1 })
  for (const partition of [bench.partition, other]) partition.phase = 'active'
  bench.add(1, 'a')
  bench.add(2, 'a')
  bench.partition.paused = true
  bench.add(3, 'b')
  bench.add(4, 'c', other)
  await bench.end(1)
  assert.deepEqual(bench.started, [1, 4], 'the other partition goes on')
  bench.partition.paused = false
  bench.dispatcher.resume()
  bench.dispatcher.resume()
  assert.deepEqual(bench.started, [1, 4, 3, 2])
})

test('a message that waits for its next try when its partition is paused is tried after resume', async () => {
  const bench = new Bench('key', 1)
  bench.partition.phase = 'active'
  bench.add(1, 'a')
  bench.partition.paused = true
  await bench.end(1, { againAfter: Promise.resolve() })
  assert.deepEqual(bench.started, [1])
  bench.partition.paused = false
  bench.dispatcher.resume()
  assert.deepEqual(bench.started, [1, 1])
})

test('a paused partition that is given up leaves no key behind that waits for it for ever', async () => {
  const bench = new Bench('key', 4)
  bench.partition.phase = 'active'
  bench.add(1, 'a')
  bench.partition.paused = true
  let again: () => void = () => {}
  const againAfter = new Promise<void>((resolve) => {
    again = resolve
  })
  await bench.end(1, { againAfter })
  bench.partition.phase = 'gone'
  assert.deepEqual(bench.dispatcher.drop(bench.partition), [])
  const fresh = new AssignedPartition(bench.partition.place)
  fresh.phase = 'active'
  bench.add(1, 'a', fresh)
  again()
  await setImmediate()
  await bench.end(1)
  assert.deepEqual(bench.started, [1, 1, 1], 'the stale one passes through, the fresh one is handled')
})
