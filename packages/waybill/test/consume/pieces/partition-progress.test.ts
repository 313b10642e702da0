import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type AssignmentOptions,
  type CommittedPosition,
  PartitionProgress,
} from '../../../src/consume/pieces/partition-progress.js'

const place = { topic: 'orders', partition: 3 }

function assigned(committed: CommittedPosition = { offset: 10 }, options: AssignmentOptions = {}): PartitionProgress {
  return new PartitionProgress(place, committed, options)
}

/** Receives offsets under a leader epoch; those that are to be handled. */
function receive(partition: PartitionProgress, offsets: readonly number[], leaderEpoch = 5): readonly number[] {
  return offsets.filter((offset) => partition.received(offset, leaderEpoch) !== undefined)
}

/** 10 and 13 are open, 11, 12 and 14 handled, the way the group has it. */
function withGaps(): CommittedPosition {
  const partition = assigned()
  for (const offset of [10, 11, 12, 13, 14]) {
    const delivery = partition.received(offset, 5)
    if (offset !== 10 && offset !== 13) delivery?.handled()
  }
  return partition.due() ?? assert.fail('nothing to commit')
}

const refuses = (work: () => unknown, code: string): void => assert.throws(work, { code })

describe('the progress of a partition of another client', () => {
  it('commits the contiguous handled prefix, not the highest', () => {
    const partition = assigned()
    const [first, second] = [partition.received(10), partition.received(11)]
    assert.equal(second?.handled(), true)
    assert.equal(partition.due()?.offset, 10)
    assert.equal(first?.handled(), true)
    assert.deepEqual({ ...partition.due(), metadata: '' }, { ...place, offset: 12, metadata: '' })
    assert.equal(partition.pendingCount, 0)
  })

  it('counts a delivery once', () => {
    const partition = assigned()
    const delivery = partition.received(10)
    assert.deepEqual([delivery?.handled(), delivery?.handled()], [true, false])
    assert.equal(partition.position, 11)
  })

  it('results of an ended assignment count nowhere', () => {
    const former = assigned()
    const delivery = former.received(10)
    former.end()
    const now = assigned()
    assert.notEqual(now.received(10), undefined)
    assert.equal(delivery?.handled(), false)
    assert.deepEqual([former.due(), now.position, former.position], [undefined, 10, 10])
    assert.equal(former.signal.aborted, true)
    refuses(() => former.received(11), 'WB_NOT_ASSIGNED')
  })

  it('the next owner skips what the metadata names as handled', () => {
    const next = assigned(withGaps())
    assert.deepEqual(receive(next, [10, 11, 12, 13, 14, 15]), [10, 13, 15])
  })

  it('a commit before those records came again does not forget them', () => {
    const next = assigned(withGaps())
    next.received(10, 5)?.handled()
    const due = next.due() ?? assert.fail('nothing to commit')
    assert.equal(due.offset, 11)
    assert.deepEqual(receive(assigned(due), [11, 12, 13, 14, 15]), [11, 13, 15])
  })

  it('records of a later leader epoch than the writer of the metadata knew are other records: handled again', () => {
    const next = assigned(withGaps())
    assert.deepEqual(receive(next, [10, 11], 5), [10])
    assert.deepEqual(receive(next, [12, 13, 14], 6), [12, 13, 14])
  })

  it('without leader epochs the metadata is used only when the log is trusted', () => {
    assert.deepEqual(receive(assigned(withGaps()), [10, 11, 12], -1), [10, 11, 12])
    assert.deepEqual(receive(assigned(withGaps(), { trustLog: true }), [10, 11, 12], -1), [10])
  })

  it('metadata that is not ours, of another offset or partition, or damaged, says nothing', () => {
    const due = withGaps()
    const { metadata = '' } = due
    for (const other of [
      { ...due, metadata: 'somebody else' },
      { ...due, offset: 11 },
      { ...due, metadata: `${metadata?.slice(0, -1)}A` },
      { ...due, metadata: null },
    ])
      assert.deepEqual(receive(assigned(other), [11, 12, 14]), [11, 12, 14])
    const elsewhere = new PartitionProgress({ ...place, partition: 4 }, due)
    assert.deepEqual(receive(elsewhere, [10, 11, 12]), [10, 11, 12])
  })

  it('a delivery that failed is given out when the client delivers it again, a running or handled one is not', () => {
    const partition = assigned()
    const [failing, running, done] = [partition.received(10), partition.received(11), partition.received(12)]
    failing?.failed()
    done?.handled()
    const again = [10, 11, 12].map((offset) => partition.received(offset))
    assert.deepEqual(
      again.map((delivery) => delivery?.offset),
      [10, undefined, undefined],
    )
    assert.deepEqual([failing?.handled(), again[0]?.handled(), running?.handled()], [false, true, true])
    assert.equal(partition.position, 13)
  })

  it('offsets that the reader passed over hold no record; one that comes after all is an error, not "handled"', () => {
    const partition = assigned()
    partition.received(12)?.handled()
    assert.equal(partition.position, 13)
    refuses(() => partition.received(11), 'WB_LOSS_FOUND')
    partition.passed(20)
    assert.equal(partition.position, 20)
  })

  it('an offset that was read before under an earlier leader epoch is an error', () => {
    const partition = assigned()
    receive(partition, [10, 11], 5)
    refuses(() => partition.received(11, 6), 'WB_LOSS_FOUND')
  })

  it('tells that it is full before the metadata does not fit, and never commits without it', () => {
    const partition = assigned({ offset: 0 }, { metadataBytesMax: 40 })
    let offset = 0
    for (; !partition.isFull; offset++) {
      const delivery = partition.received(offset)
      if (offset % 3 !== 0) delivery?.handled()
    }
    assert.ok(partition.due())
    for (const end = offset + 300; offset < end; offset++) {
      const delivery = partition.received(offset)
      if (offset % 3 !== 0) delivery?.handled()
    }
    assert.equal(partition.due(), undefined)
  })

  it('offers nothing that the group has', () => {
    const partition = assigned()
    assert.equal(partition.due()?.offset, 10)
    partition.received(10)?.handled()
    const due = partition.due() ?? assert.fail('nothing to commit')
    partition.committed(due)
    assert.equal(partition.due(), undefined)
  })

  it('does not begin at an offset that is none', () => {
    for (const offset of [-1, Number.NaN, 1.5]) refuses(() => assigned({ offset }), 'WB_OPTION_INVALID')
  })
})
