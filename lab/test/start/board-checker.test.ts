import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Arrival, type BoardFindings, compareBoard } from '../../src/start/board-checker.js'
import type { Flight } from '../../src/start/scene.js'

const flights = Array.from({ length: 12 }, (_, at): Flight => {
  const origin = at % 2 === 0 ? 'ATL' : 'ORD'
  return { number: at + 1, date: '2001/01/01 06:02', delay: at, distance: 100, origin, destination: 'SFO' }
})

/** The effects of these flights in this order. */
function boardOf(numbers: readonly number[]): Arrival[] {
  return numbers.map((number, at) => {
    const { origin, destination, delay } = flights[number - 1] ?? { origin: 'LAX', destination: 'SFO', delay: 0 }
    return { seq: at + 1, number, origin, destination, delay }
  })
}

const all = flights.map(({ number }) => number)

function alarms(found: BoardFindings): Record<string, number> {
  const lists = Object.entries(found).flatMap(([name, value]): [string, number][] =>
    Array.isArray(value) && value.length > 0 ? [[name, value.length]] : [],
  )
  return Object.fromEntries<number>(lists)
}

test('a board with one effect of each flight raises no alarm, whatever the order between airports', () => {
  const evenFirst = [...all.filter((number) => number % 2 === 0), ...all.filter((number) => number % 2 === 1)]
  for (const order of [all, evenFirst]) {
    const found = compareBoard(flights, boardOf(order))
    assert.deepEqual(alarms(found), {})
    assert.equal(found.handled, 12)
  }
})

test('a flight without an effect is missing', () => {
  const found = compareBoard(flights, boardOf(all.filter((number) => number !== 5)))
  assert.deepEqual(alarms(found), { missing: 1 })
  assert.deepEqual(found.missing, [5])
  assert.equal(found.handled, 11)
})

test('a second and a third effect of a flight are one doubled flight, and no reordering', () => {
  assert.deepEqual(alarms(compareBoard(flights, boardOf([...all, 5, 5]))), { doubled: 1 })
})

test('an effect that comes after one of a later flight from the same airport is found', () => {
  const found = compareBoard(flights, boardOf([1, 2, 5, 3, 4, 6, 7, 8, 9, 10, 11, 12]))
  assert.deepEqual(alarms(found), { reordered: 1 })
  assert.match(found.reordered[0] ?? '', /flight 3 /)
})

test('an effect of a flight that was never committed is found', () => {
  const found = compareBoard(flights, boardOf([...all, 1_000_000_013]))
  assert.deepEqual(alarms(found), { phantoms: 1 })
  assert.equal(found.handled, 12)
})

test('an effect that says something else than the row is found', () => {
  for (const change of [{ delay: 99 }, { destination: 'JFK' }]) {
    const board = boardOf(all).map((arrival) => (arrival.number === 4 ? { ...arrival, ...change } : arrival))
    assert.deepEqual(alarms(compareBoard(flights, board)), { altered: 1 })
  }
})
