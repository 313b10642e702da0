import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LogFiles, unsyncedFiles } from '../../src/log/log-files.js'
import { encodeBatch, plainRecords } from './batches.js'
import { outcome, Partition } from './partition.js'

const SIZE = encodeBatch({ records: plainRecords(1) }).length

/** A disk that takes `freeBytes` more, a few bytes at a time, and then answers ENOSPC, as a full file system does. */
class SmallDisk {
  freeBytes = Number.MAX_SAFE_INTEGER
  chunkBytes = Number.MAX_SAFE_INTEGER
  failTruncate = false
  failSync = false
  readonly files: LogFiles = {
    ...unsyncedFiles,
    write: (fd, parts, position) => this.#write(fd, parts, position),
    truncate: (fd, length) => {
      if (this.failTruncate) throw new Error('EIO: i/o error, ftruncate')
      unsyncedFiles.truncate(fd, length)
    },
    sync: () => {
      if (this.failSync) throw new Error('EIO: i/o error, fdatasync')
    },
  }

  #write(fd: number, parts: readonly Uint8Array[], position: number): number {
    const all = Buffer.concat(parts)
    const take = Math.min(all.length, this.chunkBytes, this.freeBytes)
    if (take === 0) throw new Error('ENOSPC: no space left on device, write')
    this.freeBytes -= take
    return unsyncedFiles.write(fd, [all.subarray(0, take)], position)
  }
}

test('short writes are continued until the batch is whole', async (t) => {
  for (const chunkBytes of [1, 7, 60, 61, 62]) {
    const disk = new SmallDisk()
    const p = await Partition.create(t, {}, disk.files)
    disk.chunkBytes = chunkBytes
    p.append({ records: plainRecords(5), producerId: 3n })
    const [batch] = p.stored()
    assert.ok(batch?.isCrcValid() && batch.count === 5, `chunks of ${chunkBytes}`)
  }
})

test('a full disk at any byte of a batch leaves nothing of it, and the producer may repeat it', async (t) => {
  for (let free = 0; free < SIZE; free++) {
    const disk = new SmallDisk()
    const p = await Partition.create(t, {}, disk.files)
    p.append({ records: plainRecords(1), producerId: 3n, sequence: 0 }, 1)
    disk.freeBytes = free
    const refused = p.append({ records: plainRecords(1), producerId: 3n, sequence: 1 }, 1)
    assert.ok(refused.kind === 'rejected' && refused.errorCode === 56 && refused.message.includes('ENOSPC'))
    assert.deepEqual([p.log.endOffset, p.log.sizeBytes], [1, SIZE])
    disk.freeBytes = Number.MAX_SAFE_INTEGER
    if (free % 8 === 0) await p.crash()
    assert.equal(p.log.recovered.truncatedBytes, 0)
    assert.equal(outcome(p.append({ records: plainRecords(1), producerId: 3n, sequence: 1 }, 1)), 'appended 1-1')
    assert.deepEqual(
      p.stored().map((batch) => batch.isCrcValid()),
      [true, true],
    )
  }
})

test('a roll that fails refuses the batch and is tried again', async (t) => {
  const disk = new SmallDisk()
  const files = { ...disk.files, replace: disk.files.replace }
  const p = await Partition.create(t, { segmentBytes: SIZE }, files)
  p.append({ records: plainRecords(1) })
  files.replace = () => {
    throw new Error('ENOSPC: no space left on device, open')
  }
  assert.equal(outcome(p.append({ records: plainRecords(1) })), 'rejected 56')
  files.replace = disk.files.replace
  assert.equal(outcome(p.append({ records: plainRecords(1) })), 'appended 1-1')
})

test('a half-written batch that cannot be cut off takes the partition offline until it is reopened', async (t) => {
  const disk = new SmallDisk()
  const p = await Partition.create(t, {}, disk.files)
  p.append({ records: plainRecords(1) })
  disk.freeBytes = SIZE - 1
  disk.failTruncate = true
  assert.equal(outcome(p.append({ records: plainRecords(1) })), 'rejected 56')
  disk.freeBytes = Number.MAX_SAFE_INTEGER
  disk.failTruncate = false
  assert.equal(outcome(p.append({ records: plainRecords(1) })), 'rejected 56')
  assert.equal(p.stored().length, 1, 'reads go on')
  await p.restartCleanly()
  assert.deepEqual([p.log.recovered.clean, p.log.recovered.truncatedBytes], [false, SIZE - 1])
  assert.equal(outcome(p.append({ records: plainRecords(1) })), 'appended 1-1')
})

test('a failed sync is never taken for a flush', async (t) => {
  const disk = new SmallDisk()
  const p = await Partition.create(t, { flushMessages: 2 }, disk.files)
  p.append({ records: plainRecords(1) })
  disk.failSync = true
  assert.equal(outcome(p.append({ records: plainRecords(1) })), 'rejected 56')
  disk.failSync = false
  assert.throws(() => p.log.flush(), /offline/)
  assert.equal(p.log.flushedOffset, 0)
  await p.losePower()
  assert.equal(p.log.endOffset, 0)
})
