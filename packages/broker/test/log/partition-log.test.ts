import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { unsyncedFiles } from '../../src/log/log-files.js'
import { encodeBatch, plainRecords, T0 } from './batches.js'
import { outcome, Partition } from './partition.js'

const RECORD = { records: plainRecords(1) }
const SIZE = encodeBatch(RECORD).length

function readOffsets(p: Partition, from: number, maxBytes: number, atLeastOne?: boolean): number[] | string {
  const read = p.log.read(from, maxBytes, atLeastOne)
  if (read.kind !== 'ok') return read.kind
  const bases: number[] = []
  for (let at = 0; at < read.bytes.length; at += read.bytes.readInt32BE(at + 8) + 12) {
    bases.push(Number(read.bytes.readBigInt64BE(at)))
  }
  return bases
}

function segmentFiles(p: Partition): string[] {
  return readdirSync(p.dir).filter((name) => name.endsWith('.log'))
}

test('appended batches come back byte for byte, but for offset and leader epoch', async (t) => {
  const p = await Partition.create(t)
  const sent = encodeBatch({ records: plainRecords(3), producerId: 8n })
  const before = Buffer.from(sent)
  p.append({ records: plainRecords(2) })
  p.log.append(sent, 6)
  assert.deepEqual(sent, before, 'the caller keeps its bytes')
  const [, batch] = p.stored()
  assert.deepEqual([batch?.baseOffset, batch?.leaderEpoch, batch?.isCrcValid()], [2, 6, true])
  assert.deepEqual(batch?.bytes.subarray(16), before.subarray(16))
})

test('offsets have no gaps and start where the log ends', async (t) => {
  const p = await Partition.create(t)
  assert.deepEqual([p.log.startOffset, p.log.endOffset, p.log.highWatermark], [0, 0, 0])
  assert.equal(outcome(p.append({ records: plainRecords(3) })), 'appended 0-2')
  assert.equal(outcome(p.append({ records: plainRecords(1), gzip: true })), 'appended 3-3')
  assert.equal(outcome(p.append({ baseOffset: 1 })), 'rejected 87')
  assert.deepEqual([p.log.endOffset, p.log.highWatermark], [4, 4])
})

test('a read returns whole batches within its bytes, from the batch that holds the offset', async (t) => {
  const p = await Partition.create(t)
  for (let i = 0; i < 4; i++) p.append({ records: plainRecords(3) })
  const size = encodeBatch({ records: plainRecords(3) }).length
  assert.deepEqual(readOffsets(p, 4, 2 * size), [3, 6])
  assert.deepEqual(readOffsets(p, 5, 2 * size + size - 1), [3, 6])
  assert.deepEqual(readOffsets(p, 0, 1 << 20), [0, 3, 6, 9])
  assert.deepEqual(readOffsets(p, 0, 1), [0], 'at least one, so that no reader gets stuck')
  assert.deepEqual(readOffsets(p, 0, 1, false), [])
  assert.deepEqual(readOffsets(p, 12, 1 << 20), [], 'the end is in range and empty')
  assert.equal(readOffsets(p, 13, 1 << 20), 'out-of-range')
  assert.equal(readOffsets(p, -1, 1 << 20), 'out-of-range')
})

test('every offset of a long, rolled log is found, also after reopening', async (t) => {
  const p = await Partition.create(t, { segmentBytes: 20_000 })
  for (let i = 0; i < 600; i++) p.append({ records: plainRecords(1 + (i % 7), `message ${i} `) })
  assert.ok(segmentFiles(p).length > 3)
  for (const reopened of [false, true]) {
    if (reopened) await p.crash()
    for (let offset = 0; offset < p.log.endOffset; offset++) {
      const read = p.log.read(offset, 1)
      assert.ok(read.kind === 'ok')
      const base = Number(read.bytes.readBigInt64BE(0))
      const last = base + read.bytes.readInt32BE(23)
      assert.ok(base <= offset && offset <= last, `offset ${offset}: batch ${base}-${last}`)
    }
  }
})

test('a read walks a few kilobytes, not the segment', async (t) => {
  let bytesRead = 0
  const files = {
    ...unsyncedFiles,
    read(fd: number, into: Uint8Array, position: number): number {
      const count = unsyncedFiles.read(fd, into, position)
      bytesRead += count
      return count
    },
  }
  const p = await Partition.create(t, {}, files)
  for (let i = 0; i < 3000; i++) p.append(RECORD)
  bytesRead = 0
  p.log.read(2900, 1)
  assert.ok(bytesRead > 0 && bytesRead < 20_000, `${bytesRead} bytes read of ${3000 * SIZE}`)
})

test('a segment rolls before it would grow beyond segment.bytes, named by its first offset', async (t) => {
  const p = await Partition.create(t, { segmentBytes: 3 * SIZE })
  for (let i = 0; i < 7; i++) p.append(RECORD)
  assert.deepEqual(segmentFiles(p), [
    '00000000000000000000.log',
    '00000000000000000003.log',
    '00000000000000000006.log',
  ])
  assert.deepEqual(readOffsets(p, 1, 1 << 20), [1, 2], 'one segment per read')
  assert.deepEqual(readOffsets(p, 3, 1 << 20), [3, 4, 5])
})

test('flush.messages, roll and flush move the flushed offset; flush.ms only when the scheduler asks', async (t) => {
  const p = await Partition.create(t, { flushMessages: 3, flushMs: 1000, segmentBytes: 6 * SIZE })
  const flushed: number[] = []
  for (let i = 0; i < 5; i++) {
    p.append(RECORD)
    flushed.push(p.log.flushedOffset)
  }
  assert.deepEqual(flushed, [0, 0, 3, 3, 3])
  p.clock.nowMs = T0 + 999
  p.log.flushIfDue()
  assert.equal(p.log.flushedOffset, 3)
  p.clock.nowMs = T0 + 1000
  p.append(RECORD)
  assert.equal(p.log.flushedOffset, 6)
  p.append(RECORD)
  p.clock.nowMs += 999
  p.log.flushIfDue()
  assert.equal(p.log.flushedOffset, 6)
  p.clock.nowMs += 1
  p.log.flushIfDue()
  assert.equal(p.log.flushedOffset, 7)
})

test('a roll flushes the finished segment', async (t) => {
  const p = await Partition.create(t, { segmentBytes: 2 * SIZE })
  for (let i = 0; i < 3; i++) p.append(RECORD)
  assert.deepEqual([p.log.flushedOffset, p.log.endOffset], [2, 3])
  p.log.flush()
  assert.equal(p.log.flushedOffset, 3)
})

test('offsets by time: the first record at or after it, within the log start', async (t) => {
  const p = await Partition.create(t, { segmentBytes: 4 * encodeBatch({ records: plainRecords(2) }).length })
  for (let i = 0; i < 200; i++) {
    p.append({ records: [{ timestamp: T0 + 10 * i }, { timestamp: T0 + 10 * i + 5 }], gzip: i % 2 === 0 }, i)
  }
  const at = (ms: number): unknown => p.log.offsetForTimestamp(ms)
  assert.deepEqual(at(0), { offset: 0, timestamp: T0, leaderEpoch: 0 })
  assert.deepEqual(at(T0 + 5), { offset: 1, timestamp: T0 + 5, leaderEpoch: 0 })
  assert.deepEqual(at(T0 + 1501), { offset: 301, timestamp: T0 + 1505, leaderEpoch: 150 })
  assert.deepEqual(at(T0 + 1995), { offset: 399, timestamp: T0 + 1995, leaderEpoch: 199 })
  assert.equal(at(T0 + 1996), undefined)
  p.log.deleteRecords(301)
  assert.deepEqual(at(0), { offset: 301, timestamp: T0 + 1505, leaderEpoch: 150 })
})

test('every time is found in a long segment, whatever index entry it falls on', async (t) => {
  const p = await Partition.create(t)
  // Two batches share each timestamp, so that one of a pair can lie on either side of an index entry.
  for (let i = 0; i < 800; i++) p.append({ records: plainRecords(1, 'v', T0 + Math.floor(i / 2)) })
  for (let ms = 0; ms < 400; ms++) assert.equal(p.log.offsetForTimestamp(T0 + ms)?.offset, 2 * ms, `+${ms}`)
})

test('the largest timestamp names its first record, also when it is not the newest', async (t) => {
  const p = await Partition.create(t)
  assert.equal(p.log.maxTimestamp(), undefined)
  p.append({ records: [{ timestamp: T0 }, { timestamp: T0 + 9 }, { timestamp: T0 + 9 }] })
  p.append({ records: [{ timestamp: T0 + 3 }] })
  assert.deepEqual(p.log.maxTimestamp(), { offset: 1, timestamp: T0 + 9, leaderEpoch: 0 })
  await p.crash()
  assert.deepEqual(p.log.maxTimestamp(), { offset: 1, timestamp: T0 + 9, leaderEpoch: 0 })
})

test('a batch in a codec that cannot be opened is found by its first record', async (t) => {
  const p = await Partition.create(t)
  p.append({ records: plainRecords(3), attributes: 4, baseTimestamp: T0, maxTimestamp: T0 + 50 }, 2)
  assert.deepEqual(p.log.offsetForTimestamp(T0 + 20), { offset: 0, timestamp: T0 + 50, leaderEpoch: 2 })
  p.log.deleteRecords(2)
  assert.deepEqual(p.log.offsetForTimestamp(T0 + 20), { offset: 2, timestamp: T0 + 50, leaderEpoch: 2 })
})

test('deleted records are out of range at once and for ever', async (t) => {
  const p = await Partition.create(t, { segmentBytes: 2 * SIZE })
  for (let i = 0; i < 5; i++) p.append(RECORD)
  assert.equal(p.log.deleteRecords(3), 3)
  assert.equal(p.log.deleteRecords(1), 3, 'never back')
  assert.equal(readOffsets(p, 2, 100), 'out-of-range')
  assert.deepEqual(segmentFiles(p).length, 3, 'files go with the next retention run')
  await p.crash()
  assert.deepEqual([p.log.startOffset, p.log.endOffset], [3, 5])
  p.log.enforceRetention()
  assert.deepEqual(segmentFiles(p), ['00000000000000000002.log', '00000000000000000004.log'])
  assert.throws(() => p.log.deleteRecords(6), /high watermark is 5/)
  assert.equal(p.log.deleteRecords(5), 5)
  await p.restartCleanly()
  assert.deepEqual([p.log.startOffset, p.log.endOffset], [5, 5])
  assert.equal(outcome(p.append(RECORD)), 'appended 5-5')
})

test('retention by time deletes segments by their newest record, the active one after rolling', async (t) => {
  const p = await Partition.create(t, { segmentBytes: 2 * SIZE, retentionMs: 1000 })
  const stamps = [T0, T0 + 900, T0 + 100, T0 + 200, T0 + 500]
  for (const timestamp of stamps) p.append({ records: plainRecords(1, 'v', timestamp) })
  p.clock.nowMs = T0 + 1900
  p.log.enforceRetention()
  assert.equal(p.log.startOffset, 0, 'the oldest segment is exactly at the limit and keeps the rest')
  p.clock.nowMs = T0 + 1901
  p.log.enforceRetention()
  assert.deepEqual([p.log.startOffset, p.log.endOffset], [5, 5])
  assert.deepEqual(segmentFiles(p), ['00000000000000000005.log'])
  assert.equal(outcome(p.append(RECORD)), 'appended 5-5')
})

test('retention by size keeps at least retention.bytes; compacted topics keep everything', async (t) => {
  const p = await Partition.create(t, {
    segmentBytes: 2 * SIZE,
    retentionMs: -1,
    retentionBytes: 5 * SIZE,
    compacted: true,
  })
  for (let i = 0; i < 9; i++) p.append(RECORD)
  p.log.enforceRetention()
  assert.equal(p.log.startOffset, 0)
  p.config.compacted = false
  p.log.enforceRetention()
  assert.deepEqual([p.log.startOffset, p.log.sizeBytes], [4, 5 * SIZE])
  await p.crash()
  assert.deepEqual([p.log.startOffset, p.log.endOffset], [4, 9])
})

test('a closed log says so, and closing twice is fine', async (t) => {
  const p = await Partition.create(t)
  p.log.close()
  p.log.close()
  assert.throws(() => p.append(), /closed: open it again/)
  assert.throws(() => p.log.read(0, 1), /closed/)
  assert.ok(existsSync(p.dir))
})
