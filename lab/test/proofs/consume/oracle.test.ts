import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Effect, type Evidence, type Findings, judge, type Sent } from '../../../src/proofs/consume/oracle.js'
import { problemsOf } from '../../../src/proofs/consume/run.js'

const topic = 'board'

/** Eight messages of two keys, key a in partition 0, b in 1; each with its effect. */
function soundWorld(): { sent: Sent[]; effects: Effect[] } {
  const sent = [1, 2, 3, 4, 5, 6, 7, 8].map((number): Sent => {
    const partition = number % 2 === 0 ? 0 : 1
    const offset = Math.ceil(number / 2) - 1
    return { number, key: partition === 0 ? 'a' : 'b', life: 0, partition, offset }
  })
  const effects = sent.map(({ life: _, ...rest }): Effect => ({ ...rest, topic, process: 'one' }))
  sent.sort((x, y) => x.partition - y.partition || x.offset - y.offset)
  return { sent, effects }
}

function judged(world: { sent: Sent[]; effects: Effect[] }, more: Partial<Evidence> = {}): Findings {
  return judge({ ...world, told: [], topic, once: true, atRisk: 0, ...more })
}

function the<T>(found: T | undefined): T {
  return found ?? assert.fail('the fixture has it')
}

function clean(found: Findings): boolean {
  const { lost, doubled, reordered } = found
  return lost.length + doubled.length + reordered.length + problemsOf(found).length === 0
}

test('a sound world has no findings', () => {
  const found = judged(soundWorld())
  assert.equal(clean(found), true, JSON.stringify(found))
  assert.equal(found.sent, 8)
  assert.equal(found.effects, 8)
})

test('a record without an effect is lost; one that a finding names is told', () => {
  const world = soundWorld()
  world.effects.splice(2, 1) // number 3: 1/1
  assert.deepEqual(judged(world).lost, ['3 (1/1)'])
  const told = { life: 0, partition: 1, from: 0, to: 2 }
  assert.deepEqual(judged(world, { told: [told] }).lost, [])
  assert.equal(judged(world, { told: [told] }).told, 1)
  for (const wrong of [{ partition: 0 }, { to: 1 }, { from: 2, to: 9 }, { life: 1 }])
    assert.equal(judged(world, { told: [{ ...told, ...wrong }] }).lost.length, 1, JSON.stringify(wrong))
})

test('a second effect is a double with the inbox, a repeat without, and never out of order', () => {
  const world = soundWorld()
  world.effects.push({ ...the(world.effects[0]), process: 'two' })
  const once = judged(world)
  assert.deepEqual(once.doubled, ['1 (b) 2 times'])
  assert.equal(once.repeated, 0)
  assert.deepEqual(once.reordered, [])
  const plain = judged(world, { once: false, atRisk: 1 })
  assert.deepEqual(plain.doubled, [])
  assert.equal(plain.repeated, 1)
  assert.equal(clean(plain), true)
})

test('more repeats than were in flight are a problem', () => {
  const world = soundWorld()
  world.effects.push(...world.effects.slice(0, 3))
  const found = judged(world, { once: false, atRisk: 2 })
  assert.match(problemsOf(found).join(), /3 repeats, 2 were in flight/)
})

test('a message that a client has sent twice has two effects, and not three', () => {
  const world = soundWorld()
  world.sent.push({ ...the(world.sent[0]), offset: 9 })
  world.effects.push({ ...the(world.effects[1]), offset: 9 })
  assert.equal(clean(judged(world)), true)
  world.effects.push(the(world.effects[1]))
  assert.equal(judged(world).doubled.length, 1)
})

test('a first effect behind the one of a later message of its key is out of order', () => {
  const world = soundWorld()
  const [first, other, second] = [the(world.effects[0]), the(world.effects[1]), the(world.effects[2])]
  world.effects.splice(0, 3, second, other, first)
  assert.deepEqual(judged(world).reordered, ['1 (b) of board 1/0 by one'])
})

test('keys have no order between them, and dead letters one of their own', () => {
  const between = soundWorld()
  between.effects.sort((x, y) => x.partition - y.partition)
  assert.equal(clean(judged(between)), true)
  const dead = soundWorld()
  const [letter] = dead.effects.splice(0, 1)
  dead.effects.push({ ...the(letter), topic: 'board.dead', offset: 40 })
  assert.equal(clean(judged(dead)), true)
})

test('effects of nothing, of another key or of another place are found', () => {
  for (const wrong of [{ number: 99 }, { key: 'b' }, { offset: 3 }, { partition: 1 }]) {
    const world = soundWorld()
    world.effects.push({ ...the(world.effects[1]), ...wrong })
    assert.equal(judged(world).phantoms.length, 1, JSON.stringify(wrong))
    assert.match(problemsOf(judged(world)).join(), /effects of nothing/)
  }
})

test('an empty run proves nothing', () => {
  assert.equal(clean(judged({ sent: [], effects: [] })), false)
})
