import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Intent, RedriveMemory } from '../../src/operate/redrive-memory.js'

const place = `${'ab'.repeat(16)} 0`
const intent: Intent = {
  ...{ letter: 9, topic: 'orders', topicId: 'cd'.repeat(16), partition: 3, fromOffset: 1_000 },
  ...{ producerId: 4_000_000_000, sequence: 17, stampMs: 1_700_000_000_000 },
}

/** What a commit of this memory gives back to the next run. */
function kept(memory: RedriveMemory, logStart = 0): RedriveMemory {
  const metadata = memory.metadata() ?? assert.fail('too long')
  return RedriveMemory.read({ offset: memory.position, metadata }, place, logStart) ?? assert.fail('not read')
}

test('what was sent back and what is intended survive the process, in one commit', () => {
  const memory = RedriveMemory.read(undefined, place, 2) ?? assert.fail()
  for (const offset of [2, 3, 5, 7]) memory.sent(offset)
  memory.intent = intent
  const next = kept(memory)
  assert.equal(next.position, 4)
  assert.deepEqual(
    [2, 3, 4, 5, 6, 7, 8, 9].filter((offset) => next.has(offset)),
    [2, 3, 5, 7],
  )
  assert.deepEqual(next.intent, intent)
  next.sent(9)
  assert.equal(next.intent, undefined)
  assert.ok(kept(next).has(9))
})

test('what retention deleted need not be kept: the position follows the start of the log', () => {
  const memory = RedriveMemory.read(undefined, place, 0) ?? assert.fail()
  for (const offset of [5, 8, 9]) memory.sent(offset)
  const next = kept(memory, 9)
  assert.equal(next.position, 10)
  assert.ok(!next.has(10))
})

test('text of others, of another partition or damaged is not taken for "nothing was sent"', () => {
  const memory = RedriveMemory.read(undefined, place, 0) ?? assert.fail()
  memory.sent(3)
  memory.intent = intent
  const metadata = memory.metadata() ?? assert.fail()
  const read = (text: string, at = place, offset = 0): unknown => RedriveMemory.read({ offset, metadata: text }, at, 0)
  assert.ok(read(metadata))
  assert.equal(read(''), undefined)
  assert.equal(read('mark of another tool'), undefined)
  assert.equal(read(metadata, `${'ab'.repeat(16)} 1`), undefined)
  assert.equal(read(metadata, place, 1), undefined)
  for (let at = 0; at < metadata.length; at++) {
    const damaged = `${metadata.slice(0, at)}${metadata[at] === 'A' ? 'B' : 'A'}${metadata.slice(at + 1)}`
    assert.equal(read(damaged), undefined, `character ${at}`)
  }
})

test('a memory that no commit can hold says so instead of forgetting', () => {
  const memory = RedriveMemory.read(undefined, place, 0) ?? assert.fail()
  for (let offset = 1; offset < 20_000; offset += 2) memory.sent(offset)
  assert.ok(memory.metadata(), 'a bit each')
  for (let offset = 20_001; offset < 60_000; offset += 2) memory.sent(offset)
  assert.equal(memory.metadata(), undefined)
})
