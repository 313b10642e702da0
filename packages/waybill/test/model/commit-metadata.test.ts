import assert from 'node:assert/strict'
import { test } from 'node:test'
import { progressBytesMax, readCommitMetadata, writeCommitMetadata } from '../../src/model/commit-metadata.js'
import { parseMetadata, Progress } from '../../src/model/progress.js'

const place = `${'a'.repeat(32)} 3`
const other = `${'b'.repeat(32)} 3`

/** Ten messages received, some handled above the position. */
function progressText(): string {
  const progress = new Progress(5)
  for (let offset = 5; offset < 15; offset++) progress.receive(offset)
  for (const offset of [7, 8, 12]) progress.handled(offset)
  return progress.metadata(progressBytesMax, place) ?? assert.fail()
}

test('progress and state come back', () => {
  const text = writeCommitMetadata(progressText(), place, () => 'wbs1.AAAA')
  const words = readCommitMetadata(text, place)
  assert.deepEqual(words, { progress: progressText(), state: 'wbs1.AAAA', isElsewhere: false })
  assert.deepEqual([...(parseMetadata(words.progress, 5, place) ?? [])], [7, 8, 12])
})

test('the text is never longer than Kafka takes: the progress comes first, the state gets the rest', () => {
  let room = 0
  const longest = 'wb1.'.padEnd(progressBytesMax, 'A')
  const full = writeCommitMetadata(longest, place, (bytesMax) => {
    room = bytesMax
    return undefined
  })
  assert.deepEqual([full.length, room], [4096, -1])
  const filled = writeCommitMetadata('wb1.A', place, (bytesMax) => 'wbs1.'.padEnd(bytesMax, 'A'))
  assert.equal(filled.length, 4096)
})

test('the metadata of an earlier version is read', () => {
  const words = readCommitMetadata(progressText(), place)
  assert.deepEqual(words, { progress: progressText(), state: undefined, isElsewhere: false })
})

test('metadata of another topic with this name is known as such, and names no progress here', () => {
  const text = writeCommitMetadata(progressText(), place, () => undefined)
  assert.equal(readCommitMetadata(text, other).isElsewhere, true)
  assert.equal(parseMetadata(readCommitMetadata(text, other).progress, 5, other), undefined)
})

test('foreign texts say nothing', () => {
  for (const text of ['', ' ', 'page 7', '@00000000', 'x @12345678 wbs1.AAAA', ' @1 wbs1.A', '{"a": "@1"}'])
    assert.deepEqual(
      { ...readCommitMetadata(text, place), progress: '' },
      { progress: '', state: undefined, isElsewhere: false },
      text,
    )
})
