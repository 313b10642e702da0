import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SequenceWatch } from '../../src/consume/sequence-watch.js'
import { formatHeader } from '../../src/model/header.js'
import type { FetchedBatch } from '../../src/ports/broker.js'

/** A batch of one record per sequence, as a relay of source `shop`, lane 3 writes it. */
function batch(baseOffset: number, sequences: readonly number[], producerEpoch = 0, header = true): FetchedBatch {
  const incarnation = { producerId: 9, producerEpoch }
  return {
    baseOffset,
    lastOffset: baseOffset + sequences.length - 1,
    leaderEpoch: 0,
    producerId: 9,
    producerEpoch,
    firstSequence: sequences[0] ?? 0,
    maxTimestampMs: 0,
    isControl: false,
    records: sequences.map((sequence, at) => {
      const messageId = String(sequence).padStart(32, '0')
      const text = formatHeader({ source: 'shop', lane: 3, incarnation, sequence, messageId })
      return {
        offset: baseOffset + at,
        timestampMs: 0,
        key: null,
        value: null,
        headers: header ? [['waybill', Buffer.from(text)] as const] : [],
      }
    }),
  }
}

const kinds = (watch: SequenceWatch, ...batches: readonly FetchedBatch[]) =>
  batches.flatMap((one) => watch.look(one).map(({ kind, count }) => `${kind} ${count}`))

test('whole sequences, and a new incarnation from 0, are no finding', () => {
  const watch = new SequenceWatch({ topic: 't', partition: 0 }, 0)
  assert.deepEqual(kinds(watch, batch(0, [0, 1, 2]), batch(3, [3]), batch(4, [0, 1], 1)), [])
})

test('a jump of the sequence at neighbouring offsets is a loss, found at once', () => {
  const watch = new SequenceWatch({ topic: 't', partition: 0 }, 0)
  assert.deepEqual(kinds(watch, batch(0, [0, 1]), batch(2, [5, 6])), ['gap 3'])
})

test('the same sequence at a higher offset is a duplicate', () => {
  const watch = new SequenceWatch({ topic: 't', partition: 0 }, 0)
  assert.deepEqual(kinds(watch, batch(0, [0, 1]), batch(2, [1])), ['duplicate 1'])
})

test('producers that are not waybill are watched by the sequences of their batches', () => {
  const watch = new SequenceWatch({ topic: 't', partition: 0 }, 0)
  assert.deepEqual(kinds(watch, batch(0, [0, 1], 0, false), batch(2, [4], 0, false)), ['gap 2'])
})

test('a dead letter that was sent back says nothing about the sequences here, whatever stands in its first header', () => {
  const back = (offset: number, sequence: number, epoch = 0): FetchedBatch => {
    const own = batch(offset, [sequence], epoch)
    const mark = ['waybill-redrive', Buffer.from('t.g.dead/0/1/g')] as const
    const records = own.records.map((record) => ({ ...record, headers: [...record.headers, mark] }))
    return { ...own, producerId: 77, producerEpoch: 0, firstSequence: 0, records }
  }
  const watch = new SequenceWatch({ topic: 't', partition: 0 }, 5)
  // First in sight, of an earlier incarnation, of a sequence that was seen: no finding, and none about what follows.
  assert.deepEqual(kinds(watch, back(5, 40), batch(6, [700, 701], 1), batch(8, [702], 1)), [])
  assert.deepEqual(kinds(watch, { ...back(9, 701, 1), firstSequence: 1 }, batch(10, [703], 1)), [])
})
