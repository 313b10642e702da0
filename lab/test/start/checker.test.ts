import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Books, type Findings, type Receipt, compare, isSoundButForLosses } from '../../src/start/checker.js'
import type { Flight } from '../../src/start/scene.js'
import type { TopicRecord } from '../../src/start/topic-reader.js'

interface World {
  books: Books
  records: TopicRecord[]
  receiptsOf: Map<number, Receipt>
}

const origins = ['ATL', 'ORD', 'LAX']
const count = 30

function flightOf(number: number): Flight {
  const origin = origins[number % origins.length] ?? 'ATL'
  return { number, date: '2001/01/01 06:02', delay: number - 7, distance: 100 * number, origin, destination: 'SFO' }
}

const idOf = (number: number): string => number.toString(16).padStart(32, '0')

/** Thirty flights from three airports, airport n in partition n, everything as it must be. */
function soundWorld(): World {
  const flights = Array.from({ length: count }, (_, at) => flightOf(at + 1))
  const ends = new Map<number, number>()
  const records = flights.map((flight): TopicRecord => {
    const partition = origins.indexOf(flight.origin)
    const offset = ends.get(partition) ?? 0
    ends.set(partition, offset + 1)
    const header = `01-airline-${partition}-7.0-${offset}-${idOf(flight.number)}`
    return { partition, offset, key: flight.origin, value: JSON.stringify(flight), header }
  })
  const receipts = records.map(({ partition, offset }, at) => ({ messageId: idOf(at + 1), partition, offset }))
  records.sort((a, b) => a.partition - b.partition || a.offset - b.offset)
  const books = { flights, receipts, waiting: [], parked: 0, openFlights: 0 }
  return { books, records, receiptsOf: new Map(receipts.map((receipt, at) => [at + 1, receipt])) }
}

const check = ({ books, records, receiptsOf }: World): Findings => compare(books, records, receiptsOf)

function indexOf({ records }: World, number: number): number {
  const at = records.findIndex(({ header }) => header?.endsWith(idOf(number)))
  assert.notEqual(at, -1)
  return at
}

function recordAt(world: World, index: number): TopicRecord {
  const record = world.records[index]
  assert.ok(record)
  return record
}

/** The lists and figures that found something, so that a test also sees what must not be found. */
function alarms(found: Findings): Record<string, number> {
  const lists = Object.entries(found).flatMap(([name, value]): [string, number][] =>
    Array.isArray(value) ? [[name, value.length]] : [],
  )
  const all: [string, number][] = [...lists, ['waiting', found.waiting], ['parked', found.parked]]
  return Object.fromEntries<number>(all.filter(([, n]) => n !== 0))
}

test('a sound world raises no alarm', () => {
  const found = check(soundWorld())
  assert.deepEqual(alarms(found), {})
  assert.equal(found.committed, count)
  assert.equal(found.inTopic, count)
  assert.ok(isSoundButForLosses(found))
})

test('a record that is gone is a loss, named with its receipt', () => {
  const world = soundWorld()
  const gone = recordAt(world, indexOf(world, 8))
  world.records.splice(indexOf(world, 8), 1)
  const found = check(world)
  assert.deepEqual(alarms(found), { lost: 1 })
  const receipt = { messageId: idOf(8), partition: gone.partition, offset: gone.offset }
  assert.deepEqual(found.lost, [{ number: 8, key: gone.key, receipt }])
})

test('a flight without record and without receipt is lost, one that waits is not', () => {
  const world = soundWorld()
  world.records.splice(indexOf(world, 8), 1)
  world.receiptsOf.delete(8)
  const receipts = world.books.receipts.filter(({ messageId }) => messageId !== idOf(8))
  world.books = { ...world.books, receipts }
  assert.deepEqual(check(world).lost, [{ number: 8, key: flightOf(8).origin, receipt: undefined }])
  world.books = { ...world.books, waiting: [JSON.stringify(flightOf(8))] }
  const found = check(world)
  assert.deepEqual(alarms(found), { waiting: 1 })
  assert.ok(!isSoundButForLosses(found), 'at the end nothing may wait')
})

test('one message id at two offsets is a duplicate', () => {
  const world = soundWorld()
  const twice = recordAt(world, indexOf(world, 10))
  world.records.splice(indexOf(world, 28) + 1, 0, { ...twice, offset: 99 })
  assert.deepEqual(alarms(check(world)), { duplicates: 1 })
})

test('one flight under two message ids is a duplicate, too, and the second one has no receipt', () => {
  const world = soundWorld()
  const twice = recordAt(world, indexOf(world, 10))
  world.records.push({ ...twice, partition: 2, offset: 99, header: `01-airline-2-7.0-99-${idOf(999)}` })
  assert.deepEqual(alarms(check(world)), { duplicates: 1, withoutReceipt: 1 })
})

test('two records of a key in the wrong order are found', () => {
  const world = soundWorld()
  const [first, second] = [indexOf(world, 4), indexOf(world, 7)]
  const [a, b] = [recordAt(world, first), recordAt(world, second)]
  world.records[first] = { ...b, offset: a.offset }
  world.records[second] = { ...a, offset: b.offset }
  const swapped = world.books.receipts.map((receipt) => {
    if (receipt.messageId === idOf(4)) return { ...receipt, offset: b.offset }
    return receipt.messageId === idOf(7) ? { ...receipt, offset: a.offset } : receipt
  })
  world.books = { ...world.books, receipts: swapped }
  assert.deepEqual(alarms(check(world)), { reordered: 1 })
})

test('a key in two partitions has no order any more', () => {
  const world = soundWorld()
  const [strayed] = world.records.splice(indexOf(world, 30), 1)
  assert.ok(strayed)
  world.records.push({ ...strayed, partition: 2, offset: 99 })
  const receipts = world.books.receipts.map((receipt) =>
    receipt.messageId === idOf(30) ? { ...receipt, partition: 2, offset: 99 } : receipt,
  )
  world.books = { ...world.books, receipts }
  assert.deepEqual(alarms(check(world)), { reordered: 1 })
})

test('a record of a flight that was never committed is a phantom', () => {
  const world = soundWorld()
  const flights = world.books.flights.filter(({ number }) => number !== 12)
  world.books = { ...world.books, flights }
  assert.deepEqual(alarms(check(world)), { phantoms: 1 })
})

test('a record that nobody understands is a phantom', () => {
  for (const strange of [{ value: 'not json' }, { value: null }, { header: undefined }]) {
    const world = soundWorld()
    const record = {
      partition: 0,
      offset: 99,
      key: 'ATL',
      value: JSON.stringify(flightOf(1)),
      header: 'a-b',
      ...strange,
    }
    world.records.push(record)
    assert.deepEqual(alarms(check(world)), { phantoms: 1 })
  }
})

test('a record that says something else than the row is altered', () => {
  for (const change of [{ key: 'LAX' }, { value: JSON.stringify({ ...flightOf(3), delay: 1_000 }) }]) {
    const world = soundWorld()
    const at = indexOf(world, 3)
    world.records[at] = { ...recordAt(world, at), ...change }
    assert.equal(alarms(check(world))['altered'], 1)
  }
})

test('a receipt that points at another record is wrong', () => {
  const world = soundWorld()
  const receipts = world.books.receipts.map((receipt) =>
    receipt.messageId === idOf(5) ? { ...receipt, offset: receipt.offset + 1 } : receipt,
  )
  world.books = { ...world.books, receipts }
  assert.deepEqual(alarms(check(world)), { wrongReceipts: 1 })
})

test('a record without a receipt is found once no flight is open', () => {
  const world = soundWorld()
  const receipts = world.books.receipts.filter(({ messageId }) => messageId !== idOf(5))
  world.books = { ...world.books, receipts, openFlights: 1 }
  assert.deepEqual(alarms(check(world)), {})
  world.books = { ...world.books, openFlights: 0 }
  assert.deepEqual(alarms(check(world)), { withoutReceipt: 1 })
})

test('a message that was set aside is not sound', () => {
  const world = soundWorld()
  world.books = { ...world.books, parked: 1 }
  assert.ok(!isSoundButForLosses(check(world)))
})
