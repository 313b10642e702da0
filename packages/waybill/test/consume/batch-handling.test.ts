import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BatchHandling } from '../../src/consume/batch-handling.js'
import type { BatchEnd } from '../../src/consume/batch-dispatcher.js'
import type { BatchHandler } from '../../src/consume/consume-context.js'
import type { Work } from '../../src/consume/dispatcher.js'
import { Handling } from '../../src/consume/handling.js'
import type { ConsumeSettings } from '../../src/consume/options.js'
import { AssignedPartition } from '../../src/consume/partition.js'
import { BatchError } from '../../src/model/batch-error.js'
import { jsonCodec } from '../../src/model/codec.js'
import { WaybillError } from '../../src/model/errors.js'
import { ReceivedMessage } from '../../src/model/received-message.js'
import type { WaybillEvent } from '../../src/ports/events.js'
import { handlingContext } from './handling-context.js'

interface Given {
  readonly settings?: Partial<ConsumeSettings>
  readonly retryable?: (error: unknown) => boolean
}

/** Handling of batches; `tries` are the offsets that each try got. */
class Bench {
  readonly tries: number[][] = []
  readonly attempts: number[] = []
  readonly handled: number[] = []
  readonly failed: number[] = []
  readonly events: WaybillEvent[] = []
  readonly batches: BatchHandling<undefined>

  constructor(handle: (offsets: readonly number[], messages: readonly ReceivedMessage[]) => void, given: Given = {}) {
    const handleBatch: BatchHandler<undefined> = (messages, { attempt }) => {
      const offsets = messages.map(({ offset }) => offset)
      this.tries.push(offsets)
      this.attempts.push(attempt)
      handle(offsets, messages)
    }
    const one = (message: ReceivedMessage, context: Parameters<typeof handleBatch>[1]): unknown =>
      handleBatch([message], context)
    const { settings = {}, retryable = () => true } = given
    const scene = { handle: one, settings: { maxAttempts: 2, ...settings }, events: this.events, retryable }
    const context = { ...handlingContext(scene), handleBatch }
    const ended = new AbortController().signal
    const handling = new Handling(context, {
      handled: ({ message }) => this.handled.push(message.offset),
      failed: ({ message }) => this.failed.push(message.offset),
      braked: () => assert.fail('no brake here'),
      ended,
    })
    this.batches = new BatchHandling(context, handleBatch, handling, ended)
  }

  /** As the dispatcher does: the same batch again, or each message that is not through, alone ones by themselves. */
  async through(given: readonly Work[]): Promise<void> {
    let left = given
    for (let round = 0; left.length > 0; round++) {
      assert.ok(round < 50, 'it never ends')
      const alone = left.find((work) => work.alone)
      const batch = alone ? [alone] : left
      left = left.filter((work) => !batch.includes(work))
      left = [...(await remaining(batch, await this.batches.run(batch))), ...left]
    }
  }
}

async function remaining(batch: readonly Work[], end: BatchEnd): Promise<readonly Work[]> {
  if ('sameAfter' in end) {
    await end.sameAfter
    return batch
  }
  for (const one of end.ends) if (typeof one === 'object') await one.againAfter
  return batch.filter((_, at) => end.ends[at] !== 'done')
}

function works(keys: readonly (string | null)[]): readonly Work[] {
  const partition = new AssignedPartition({ topic: 't', topicId: 'a'.repeat(32), partition: 0 })
  partition.phase = 'active'
  return keys.map((key, offset) => {
    const record = { ...partition.place, offset, timestampMs: 0, leaderEpoch: 0, value: null, headers: [] }
    const message = new ReceivedMessage({ ...record, key: key === null ? null : Buffer.from(key) }, jsonCodec)
    return { partition, message, bytes: 1, attempts: 0 }
  })
}

const keys = ['a', 'b', 'c', 'd']

test('a batch that is handled counts for each of its messages', async () => {
  const bench = new Bench(() => undefined)
  await bench.through(works(keys))
  assert.deepEqual([bench.tries, bench.handled], [[[0, 1, 2, 3]], [0, 1, 2, 3]])
})

test('a failed batch is tried again whole; after the last try each message alone, and only the one at fault is given up', async () => {
  const bench = new Bench((offsets) => {
    if (offsets.includes(2)) throw new Error('poison')
  })
  await bench.through(works(keys))
  assert.deepEqual(bench.tries, [[0, 1, 2, 3], [0, 1, 2, 3], [0], [1], [2], [2], [3]])
  assert.deepEqual(bench.attempts, [1, 2, 3, 3, 3, 4, 3])
  assert.deepEqual([bench.handled, bench.failed], [[0, 1, 3], [2]])
})

test('an error that no try can mend splits the batch at once', async () => {
  const fails = (offsets: readonly number[]): void => {
    if (offsets.includes(1)) throw new RangeError('poison')
  }
  const bench = new Bench(fails, { retryable: (error) => !(error instanceof RangeError) })
  await bench.through(works(keys))
  assert.deepEqual(bench.tries, [[0, 1, 2, 3], [0], [1], [2], [3]])
  assert.deepEqual([bench.handled, bench.failed], [[0, 2, 3], [1]])
})

test('a batch error: the named messages are tried again alone, all others together, at no cost', async () => {
  const bench = new Bench((_, messages) => {
    const failures = messages
      .filter(({ offset }) => offset === 1)
      .map((message) => ({ message, error: new Error('no') }))
    if (failures.length > 0) throw new BatchError(failures)
  })
  await bench.through(works(['a', 'b', 'a', 'b']))
  assert.deepEqual(bench.tries, [[0, 1, 2, 3], [1], [0, 2, 3]])
  assert.deepEqual([bench.handled, bench.failed], [[0, 2, 3], [1]])
  assert.deepEqual(bench.attempts, [1, 2, 1], 'the try in the batch was its own: it has maxAttempts of them')
})

for (const [order, again] of [
  ['key', [1, 3]],
  ['partition', [1, 2, 3]],
  ['none', [1]],
] as const)
  test(`a batch error that names the others as handled, in order ${order}: ${again.length} messages come again`, async () => {
    const bench = new Bench(
      (_, [first, second, ...others]) => {
        if (bench.tries.length > 1 || !first || !second) return
        throw new BatchError([{ message: second, error: 'no' }], { handled: [first, ...others] })
      },
      { settings: { order } },
    )
    await bench.through(works(['a', 'b', 'a', 'b']))
    assert.deepEqual(new Set(bench.tries.slice(1).flat()), new Set(again))
    assert.deepEqual(
      bench.handled.toSorted((a, b) => a - b),
      [0, 1, 2, 3],
    )
  })

test('a batch error that names nobody, or a message of another batch, means all of them', async () => {
  const stranger = works(['x'])[0]?.message ?? assert.fail()
  for (const failures of [[], [{ message: stranger, error: 'no' }]]) {
    const bench = new Bench(() => {
      if (bench.tries.length === 1) throw new BatchError(failures)
    })
    await bench.through(works(keys))
    assert.deepEqual(bench.tries, [
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ])
  }
})

test('a batch error of another copy of the library is known by its brand', () => {
  const foreign = Object.defineProperty(new Error('no'), Symbol.for('waybill.batch-error'), { value: true })
  assert.ok(foreign instanceof BatchError)
  assert.ok(!(new Error('no') instanceof BatchError))
})

test('an outage spends no try of any message, and splits nothing', async () => {
  const bench = new Bench(() => {
    if (bench.tries.length <= 10) throw new WaybillError('WB_STORE_BUSY', 'the database is locked')
  })
  const batch = works(keys)
  await bench.through(batch)
  assert.equal(bench.tries.length, 11)
  assert.ok(bench.tries.every((offsets) => offsets.length === 4))
  assert.deepEqual([...new Set(bench.attempts)], [1])
  assert.deepEqual(bench.handled, [0, 1, 2, 3])
})

test('what is no longer ours is left alone, before and after the try', async () => {
  const batch = works(keys)
  const [first] = batch
  assert.ok(first)
  const bench = new Bench(() => {
    first.partition.phase = 'gone'
    throw new Error('too late')
  })
  await bench.through(batch)
  await bench.through(batch)
  assert.deepEqual([bench.tries.length, bench.handled, bench.failed], [1, [], []])
})
