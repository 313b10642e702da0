import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { encodeBatch, plainRecords, T0 } from './batches.js'
import { outcome, Partition } from './partition.js'

const SIZE = encodeBatch({ records: plainRecords(1) }).length
const FIRST = '00000000000000000000.log'

/** Appends `count` one-record batches of producer 5, in leader epochs that rise with each. */
function fill(p: Partition, count: number): void {
  for (let i = 0; i < count; i++) p.append({ producerId: 5n, sequence: i, records: plainRecords(1) }, i)
}

test('a last batch torn at any byte is cut off whole, with its epoch and sequence', async (t) => {
  const p = await Partition.create(t)
  fill(p, 3)
  for (let keep = 0; keep < SIZE; keep++) {
    p.log.abandon()
    truncateSync(join(p.dir, FIRST), 2 * SIZE + keep)
    await p.reopen()
    assert.equal(p.log.endOffset, 2, `${keep} bytes kept`)
    assert.deepEqual(p.log.recovered, { clean: false, truncatedBytes: keep, flushedRecordsLost: false })
    assert.equal(p.log.producers()[0]?.lastSequence, 1)
    assert.deepEqual(p.log.endOffsetForEpoch(2), { leaderEpoch: -1, endOffset: -1 })
    assert.equal(outcome(p.append({ producerId: 5n, sequence: 2, records: plainRecords(1) }, 2)), 'appended 2-2')
  }
})

test('from a corrupt batch on everything goes, later segments too', async (t) => {
  const p = await Partition.create(t, { segmentBytes: 3 * SIZE })
  fill(p, 8)
  p.log.abandon()
  rmSync(join(p.dir, 'flushed'))
  const path = join(p.dir, FIRST)
  const bytes = readFileSync(path)
  bytes[SIZE + 70] = (bytes[SIZE + 70] ?? 0) ^ 1
  writeFileSync(path, bytes)
  await p.reopen()
  assert.deepEqual([p.log.endOffset, p.log.recovered.truncatedBytes], [1, 7 * SIZE])
  assert.deepEqual(
    readdirSync(p.dir).filter((name) => name.endsWith('.log')),
    [FIRST],
  )
  assert.equal(outcome(p.append({ producerId: 5n, sequence: 1, records: plainRecords(1) })), 'appended 1-1')
})

test('a batch whose offsets go back is not taken for part of the log', async (t) => {
  const p = await Partition.create(t)
  fill(p, 2)
  p.log.abandon()
  const path = join(p.dir, FIRST)
  const bytes = readFileSync(path)
  writeFileSync(path, Buffer.concat([bytes, bytes.subarray(0, SIZE)]))
  await p.reopen()
  assert.deepEqual([p.log.endOffset, p.log.recovered.truncatedBytes], [2, SIZE])
})

test('a clean stop is recognised, trusted once, and everything is flushed', async (t) => {
  const p = await Partition.create(t)
  fill(p, 3)
  await p.restartCleanly()
  assert.deepEqual(p.log.recovered, { clean: true, truncatedBytes: 0, flushedRecordsLost: false })
  assert.deepEqual([p.log.endOffset, p.log.flushedOffset], [3, 3])
  await p.crash()
  assert.equal(p.log.recovered.clean, false)
})

test('a log cut from outside after a clean stop is recovered like an unclean one, and says what was lost', async (t) => {
  const p = await Partition.create(t)
  fill(p, 3)
  p.log.close()
  truncateSync(join(p.dir, FIRST), SIZE + 10)
  await p.reopen()
  assert.deepEqual(p.log.recovered, { clean: false, truncatedBytes: 10, flushedRecordsLost: true })
  assert.deepEqual([p.log.endOffset, p.log.flushedOffset, p.log.producers()[0]?.lastSequence], [1, 1, 0])
})

test('producer state comes from the newest good snapshot and the batches after it', async (t) => {
  const p = await Partition.create(t, { segmentBytes: 2 * SIZE })
  p.append({ producerId: 1n, epoch: 3, sequence: 40, records: plainRecords(1) })
  fill(p, 4)
  p.log.deleteRecords(2)
  p.log.enforceRetention()
  assert.deepEqual(readdirSync(p.dir).filter((name) => name.endsWith('.snapshot')).length, 2)
  const known = (): string[] => p.log.producers().map((x) => `${x.producerId} e${x.epoch} s${x.lastSequence}`)
  await p.crash()
  assert.deepEqual(known().sort(), ['1 e3 s40', '5 e0 s3'], 'the snapshot at 4 remembers producer 1')
  p.log.abandon()
  for (const name of readdirSync(p.dir).filter((n) => n.endsWith('.snapshot'))) writeFileSync(join(p.dir, name), 'bad')
  await p.reopen()
  assert.deepEqual(known(), ['5 e0 s3'], 'without snapshots only the batches count')
})

test('a missing or damaged checkpoint is rebuilt from the batches', async (t) => {
  const p = await Partition.create(t, { segmentBytes: 2 * SIZE })
  fill(p, 5)
  p.log.abandon()
  rmSync(join(p.dir, 'leader-epochs'))
  writeFileSync(join(p.dir, 'flushed'), 'nonsense')
  await p.reopen()
  assert.deepEqual([p.log.startOffset, p.log.endOffset, p.log.flushedOffset], [0, 5, 0])
  assert.deepEqual(p.log.endOffsetForEpoch(2), { leaderEpoch: 2, endOffset: 3 })
  p.log.flush()
  assert.equal(p.log.flushedOffset, 5)
})

test('times and offsets are as before after a restart', async (t) => {
  const p = await Partition.create(t)
  for (let i = 0; i < 500; i++) p.append({ records: plainRecords(2, 'v', T0 + i) })
  const before = [p.log.offsetForTimestamp(T0 + 333), p.log.maxTimestamp(), p.log.sizeBytes]
  for (const restart of ['crash', 'restartCleanly'] as const) {
    await p[restart]()
    assert.deepEqual([p.log.offsetForTimestamp(T0 + 333), p.log.maxTimestamp(), p.log.sizeBytes], before)
  }
})
