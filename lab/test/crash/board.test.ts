import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareEffects } from '../../src/crash/board.js'
import { flightOf, keys } from '../../src/crash/scene.js'

const flights = [1, 2, keys + 1].map((number) => flightOf(number, false))
const effectOf = (number: number): { number: number; origin: string } => ({ number, origin: `K${number % keys}` })

test('effects that are right in any order of keys have no findings', () => {
  const found = compareEffects(flights, [2, 1, keys + 1].map(effectOf))
  assert.deepEqual(found, { effects: 3, lost: [], doubled: [], reordered: [], phantoms: [] })
})

test('a lost, a doubled, a reordered and an invented effect are each found', () => {
  assert.deepEqual(compareEffects(flights, [1, 2].map(effectOf)).lost, [keys + 1])
  assert.deepEqual(compareEffects(flights, [1, 2, keys + 1, 1].map(effectOf)).doubled, [1])
  assert.deepEqual(compareEffects(flights, [keys + 1, 2, 1].map(effectOf)).reordered, [1])
  assert.deepEqual(compareEffects(flights, [1, 2, keys + 1, 99].map(effectOf)).phantoms, [99])
  assert.deepEqual(compareEffects(flights, [effectOf(1), { number: 2, origin: 'K7' }]).phantoms, [2])
})
