import assert from 'node:assert/strict'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { LogDirectory } from '../../src/log/log-directory.js'
import { type LogFiles, unsyncedFiles } from '../../src/log/log-files.js'
import { losePower } from '../../src/log/power-loss.js'
import { encodeBatch, plainRecords } from './batches.js'
import { outcome, Partition } from './partition.js'

const ONE = { records: plainRecords(1) }
const SIZE = encodeBatch({ records: plainRecords(1) }).length

function fill(p: Partition, count: number, from = 0): void {
  for (let i = from; i < from + count; i++) p.append({ producerId: 5n, sequence: i, records: plainRecords(1) })
}

test('a process crash loses nothing, a power loss everything that was not flushed', async (t) => {
  const p = await Partition.create(t)
  fill(p, 2)
  p.log.flush()
  fill(p, 3, 2)
  await p.crash()
  assert.deepEqual([p.log.endOffset, p.log.flushedOffset], [5, 2], 'a crash flushes nothing either')
  await p.losePower()
  assert.deepEqual([p.log.endOffset, p.log.flushedOffset], [2, 2])
  assert.equal(p.log.producers()[0]?.lastSequence, 1)
  assert.equal(outcome(p.append({ producerId: 5n, sequence: 2, records: plainRecords(1) })), 'appended 2-2')
})

test('a later process can act out the power loss of an earlier one', async (t) => {
  const p = await Partition.create(t, { segmentBytes: 2 * SIZE })
  fill(p, 5)
  p.log.abandon()
  losePower(p.dir, p.files)
  await p.reopen()
  assert.equal(p.log.endOffset, 4, 'the roll flushed the first two segments')
})

test('after a clean stop there is nothing to lose', async (t) => {
  const p = await Partition.create(t)
  fill(p, 3)
  p.log.close()
  losePower(p.dir, p.files)
  await p.reopen()
  assert.deepEqual([p.log.recovered.clean, p.log.endOffset], [true, 3])
})

test('producers, snapshots and epochs do not outlive their records', async (t) => {
  const p = await Partition.create(t, { segmentBytes: 2 * SIZE })
  p.append({ producerId: 1n, records: plainRecords(1) }, 1)
  p.log.flush()
  p.append({ producerId: 2n, records: plainRecords(1) }, 2)
  await p.losePower()
  assert.deepEqual(
    p.log.producers().map((x) => x.producerId),
    [1n],
  )
  assert.deepEqual(p.log.endOffsetForEpoch(2), { leaderEpoch: -1, endOffset: -1 })
  assert.deepEqual(
    readdirSync(p.dir).filter((name) => name.endsWith('.snapshot')),
    [],
  )
})

test('records deleted before a power loss leave no offset to give out twice', async (t) => {
  const p = await Partition.create(t)
  fill(p, 2)
  p.log.flush()
  fill(p, 3, 2)
  p.log.deleteRecords(4)
  await p.losePower()
  assert.deepEqual([p.log.startOffset, p.log.endOffset], [4, 4])
  assert.equal(outcome(p.append({ records: plainRecords(1) })), 'appended 4-4')
})

test('with flush.messages=1 nothing acknowledged is ever lost', async (t) => {
  const p = await Partition.create(t, { flushMessages: 1, segmentBytes: 3 * SIZE })
  for (let i = 0; i < 10; i++) {
    fill(p, 1, i)
    await p.losePower()
    assert.equal(p.log.endOffset, i + 1)
  }
})

test('right after the power loss no file tells of more than the flushed records', async (t) => {
  const p = await Partition.create(t)
  p.append(ONE, 1)
  p.log.flush()
  p.append(ONE, 2)
  p.log.dropUnflushed()
  assert.equal(statSync(join(p.dir, '00000000000000000000.log')).size, SIZE)
  const epochs = new LogDirectory(p.files, p.dir).readEpochs()
  assert.deepEqual(epochs, [{ epoch: 1, startOffset: 0 }])
})

test('a partition whose flush mark is unreadable counts as never flushed', async (t) => {
  const p = await Partition.create(t, { segmentBytes: 2 * SIZE })
  fill(p, 5)
  p.log.abandon()
  writeFileSync(join(p.dir, 'flushed'), '')
  losePower(p.dir, p.files)
  const left = readdirSync(p.dir).filter((name) => name.endsWith('.snapshot') || name.endsWith('.log'))
  assert.deepEqual(left, ['00000000000000000000.log'])
  await p.reopen()
  assert.deepEqual([p.log.startOffset, p.log.endOffset, p.log.producers().length], [0, 0, 0])
})

test('the flushed offset never runs ahead of what was really synced', async (t) => {
  const dirty = new Map<number, number>()
  const segments = new Set<number>()
  const files: LogFiles = {
    ...unsyncedFiles,
    open(path) {
      const fd = unsyncedFiles.open(path)
      if (path.endsWith('.log')) segments.add(fd)
      return fd
    },
    write(fd, parts, position) {
      const written = unsyncedFiles.write(fd, parts, position)
      if (segments.has(fd)) dirty.set(fd, (dirty.get(fd) ?? 0) + written)
      return written
    },
    sync(fd) {
      dirty.delete(fd)
    },
  }
  const p = await Partition.create(t, { segmentBytes: 3 * SIZE, flushMessages: 2 }, files)
  for (let i = 0; i < 20; i++) {
    fill(p, 1, i)
    const unsynced = [...dirty.values()].reduce((sum, bytes) => sum + bytes, 0)
    assert.equal(unsynced, (p.log.endOffset - p.log.flushedOffset) * SIZE, `after ${i + 1} records`)
  }
})
