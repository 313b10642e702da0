import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Books, type Findings, judge, type Order, type SentRow } from '../../src/proofs/oracle/oracle.js'
import { figuresOf, problemsOf } from '../../src/proofs/oracle/verdict.js'
import type { IdentifiedRecord } from '../../src/start/topic-reader.js'

const topic = 'orders'

interface World {
  readonly orders: Order[]
  readonly sent: SentRow[]
  readonly records: IdentifiedRecord[]
}

/** Six orders of two keys, key a in partition 0, b in 1; all sent, all true. */
function soundWorld(): World {
  const orders = [1, 2, 3, 4, 5, 6].map((number): Order => {
    return { number, key: number % 2 === 0 ? 'a' : 'b', place: number, body: `body ${number}` }
  })
  const records = orders.map(({ number, key, body }, at): IdentifiedRecord => {
    const partition = number % 2
    const sequence = Math.floor(at / 2)
    return {
      partition,
      offset: sequence,
      key,
      value: JSON.stringify({ number, key, body }),
      header: `01-shop-3-7.0-${sequence}-${messageIdOf(number)}`,
      producerId: 7,
      producerEpoch: 0,
      sequence,
    }
  })
  const sent = records.map((record, at): SentRow => {
    const { partition, offset, producerId, producerEpoch, sequence } = record
    return {
      number: at + 1,
      messageId: messageIdOf(at + 1),
      topic,
      partition,
      offset,
      producerId,
      producerEpoch,
      sequence,
    }
  })
  return { orders, sent, records: records.toSorted((x, y) => x.partition - y.partition || x.offset - y.offset) }
}

function messageIdOf(number: number): string {
  return String(number).padStart(32, '0')
}

function judged({ orders, sent, records }: World, more: Partial<Books> = {}): Findings {
  return judge(topic, { orders, sent, waiting: [], parked: [], openFlights: 0, ...more }, records)
}

function the<T>(found: T | undefined): T {
  return found ?? assert.fail('the fixture has it')
}

test('a sound world has no findings', () => {
  const found = judged(soundWorld())
  assert.deepEqual(figuresOf(found), { lost: 0, duplicates: 0, reordered: 0, wrongReceipts: 0 })
  assert.deepEqual(problemsOf(found), [])
})

test('a committed order that is nowhere is lost; one that waits or is set aside is not', () => {
  const world = soundWorld()
  const at = world.records.findIndex(({ value }) => value?.includes('"number":3'))
  world.records.splice(at, 1)
  world.sent.splice(2, 1)
  assert.deepEqual(judged(world).lost, ['3 (b)'])
  assert.deepEqual(judged(world, { waiting: [3] }).lost, [])
  assert.match(problemsOf(judged(world, { waiting: [3] })).join(), /waiting: 3 instead of none/)
  assert.deepEqual(problemsOf(judged(world, { waiting: [3] }), { waiting: [3] }), [])
  assert.match(problemsOf(judged(world, { parked: [3] })).join(), /parked: 3 instead of none/)
})

test('a second record of a message is a duplicate, and not also out of order', () => {
  const world = soundWorld()
  const first = the(world.records[0])
  world.records.splice(3, 0, {
    ...first,
    offset: 3,
    sequence: 0,
    producerEpoch: 1,
    header: first.header?.replace('7.0', '7.1'),
  })
  const found = judged(world)
  assert.equal(found.duplicates.length, 1)
  assert.deepEqual(found.reordered, [])
  assert.deepEqual(found.wrongReceipts, [])
})

test('a record behind a later one of its key is out of order, and so is one in another partition', () => {
  const swapped = soundWorld()
  const [one, two] = [the(swapped.records[0]), the(swapped.records[1])]
  swapped.records.splice(0, 2, { ...two, offset: one.offset }, { ...one, offset: two.offset })
  assert.equal(judged(swapped).reordered.length, 1)
  const moved = soundWorld()
  moved.records.push({ ...the(moved.records.shift()), partition: 2 })
  assert.equal(judged(moved).reordered.length, 1)
})

test('messages without a key have no order', () => {
  const world = soundWorld()
  world.orders.splice(0, 6, ...world.orders.map((order) => ({ ...order, key: null })))
  const keyless = world.records.map((record) => {
    const { number, body } = JSON.parse(record.value ?? '') as Order
    return { ...record, key: null, value: JSON.stringify({ number, key: null, body }) }
  })
  world.records.splice(0, 6, ...keyless.toReversed())
  assert.deepEqual(judged(world).reordered, [])
})

test('a receipt that is not true in any of its parts is wrong', () => {
  const parts: readonly Partial<SentRow>[] = [
    { messageId: messageIdOf(9) },
    { topic: 'other' },
    { partition: 0 },
    { offset: 2 },
    { producerId: 8 },
    { producerEpoch: 1 },
    { sequence: 1 },
  ]
  for (const part of parts) {
    const world = soundWorld()
    world.sent[0] = { ...the(world.sent[0]), ...part }
    assert.equal(judged(world).wrongReceipts.length, 1, JSON.stringify(part))
  }
})

test('records of nobody, changed records and records without a receipt are found', () => {
  const phantom = soundWorld()
  phantom.orders.splice(5, 1)
  phantom.sent.splice(5, 1)
  assert.equal(judged(phantom).phantoms.length, 1)
  const strange = soundWorld()
  strange.records.push({ ...the(strange.records[0]), offset: 9, value: 'no JSON' })
  assert.deepEqual(judged(strange).phantoms, ['0/9'])
  const altered = soundWorld()
  altered.orders[0] = { ...the(altered.orders[0]), body: 'something else' }
  assert.equal(judged(altered).altered.length, 1)
  const lying = soundWorld()
  lying.records[0] = { ...the(lying.records[0]), header: `01-shop-3-9.0-0-${messageIdOf(2)}` }
  assert.equal(judged(lying).altered.length, 1)
  const unaccounted = soundWorld()
  unaccounted.sent.pop()
  assert.equal(judged(unaccounted).unaccounted.length, 1)
  assert.deepEqual(judged(unaccounted, { openFlights: 1 }).unaccounted, [])
})

test('what is sent and waits at once, or sent twice, is found', () => {
  const world = soundWorld()
  assert.deepEqual(judged(world, { waiting: [2] }).unaccounted, ['2 is sent and waits'])
  world.sent.push(the(world.sent[0]))
  assert.deepEqual(judged(world).unaccounted, ['1 was sent twice, say the books'])
})

test('an empty run proves nothing', () => {
  const found = judge(topic, { orders: [], sent: [], waiting: [], parked: [], openFlights: 0 }, [])
  assert.deepEqual(problemsOf(found), ['nothing was committed, so nothing is proven'])
})
