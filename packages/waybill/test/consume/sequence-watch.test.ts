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

/** A watch that goes on where another one ended, with what that one left behind. */
function next(before: SequenceWatch, from: number, bytesMax = 4_000, name = 'topic 0'): SequenceWatch {
  const text = before.export('topic 0', bytesMax)
  return new SequenceWatch({ topic: 't', partition: 0 }, from, text === undefined ? undefined : { text, name })
}

test('a gap across a restart is found, and what is read again is no finding', () => {
  const watch = new SequenceWatch({ topic: 't', partition: 0 }, 0)
  assert.deepEqual(kinds(watch, batch(0, [0, 1, 2])), [])
  const again = next(watch, 1)
  assert.deepEqual(kinds(again, batch(0, [0, 1, 2])), [], 'read before')
  assert.deepEqual(kinds(again, batch(3, [5, 6])), ['gap 2'])
  assert.deepEqual(kinds(next(again, 5), batch(5, [7])), [])
})

test('without room for the state, or with that of another place, nothing is known, and nothing is alarmed', () => {
  const watch = new SequenceWatch({ topic: 't', partition: 0 }, 0)
  assert.deepEqual(kinds(watch, batch(0, [0, 1, 2])), [])
  assert.equal(watch.export('topic 0', 20), undefined)
  for (const later of [next(watch, 3, 20), next(watch, 3, 4_000, 'topic 1')])
    assert.deepEqual(kinds(later, batch(3, [5, 6]), batch(5, [7])), [])
})

test('what lies between the state and a position that was set further on was read by nobody: unknown, no loss', () => {
  const watch = new SequenceWatch({ topic: 't', partition: 0 }, 0)
  assert.deepEqual(kinds(watch, batch(0, [0, 1, 2])), [])
  const later = next(watch, 6)
  assert.deepEqual(kinds(later, batch(6, [6]), batch(7, [9])), ['gap 2'])
})

test('a state that is cut to its newest producers knows nothing of the others, and alarms for none', () => {
  const watch = new SequenceWatch({ topic: 't', partition: 0 }, 0)
  const at = (offset: number, producerId: number, sequence: number): FetchedBatch => ({
    ...batch(offset, [sequence], 0, false),
    producerId,
  })
  const producers = Array.from({ length: 2_000 }, (_, id) => id)
  assert.deepEqual(kinds(watch, ...producers.map((id) => at(id, id, 0))), [])
  const text = watch.export('topic 0', 1_000)
  assert.ok(text !== undefined && text.length <= 1_000 && text.length > 800, text)
  const later = next(watch, 2_000, 1_000)
  assert.deepEqual(kinds(later, at(2_000, 0, 7), at(2_001, 1_999, 7)), ['gap 6'])
})
