import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatHeader } from '../../src/model/header.js'
import type { Header, WaitingRow } from '../../src/model/message.js'
import { readBack, type Span } from '../../src/outbox/read-back.js'
import type { Broker, FetchedBatch, TopicView } from '../../src/ports/broker.js'

const topicId = 'ab'.repeat(16)
const incarnation = { producerId: 7, producerEpoch: 0 }
const id = (number: number): string => number.toString(16).padStart(32, '0')

/** A record of lane 0; `back`: a dead letter that was sent back, under another producer. */
function batch(baseOffset: number, message: number, back = false): FetchedBatch {
  const text = formatHeader({ source: 'shop', lane: 0, incarnation, sequence: message, messageId: id(message) })
  const headers: Header[] = [['waybill', Buffer.from(text)]]
  if (back) headers.push(['waybill-redrive', Buffer.from('t.g.dead/0/1/g')])
  return {
    ...{ baseOffset, lastOffset: baseOffset, leaderEpoch: 0, producerEpoch: 0, maxTimestampMs: 0, isControl: false },
    ...{ producerId: back ? 99 : 7, firstSequence: back ? 0 : message },
    records: [{ offset: baseOffset, timestampMs: 0, key: null, value: null, headers }],
  }
}

async function readBackOf(batches: readonly FetchedBatch[]): ReturnType<typeof readBack> {
  const broker: Pick<Broker, 'offsets' | 'read' | 'endOffsetForEpoch'> = {
    offsets: () => Promise.resolve({ logStart: 0, highWatermark: batches.length }),
    endOffsetForEpoch: () => Promise.resolve({ leaderEpoch: 0, endOffset: batches.length }),
    async *read() {
      yield* batches
    },
  }
  const stream = { topic: 't', topicId, partition: 0, lane: 0, lastOffset: -1, lastLeaderEpoch: -1 }
  const span = { broker, stream, source: 'shop', signal: new AbortController().signal, recognize: () => [] }
  const row = { id: 1, messageId: id(5) }
  // Only what readBack looks at.
  return readBack(span as unknown as Span, { rows: [row as unknown as WaitingRow] }, { topicId } as TopicView)
}

test('a dead letter that was sent back is neither a second copy of the flight nor a message of another history', async () => {
  const read = await readBackOf([batch(0, 5), batch(1, 5, true), batch(2, 4, true)])
  assert.ok(read.kind === 'read')
  const { found, doubled, strangers, recognized } = read
  assert.deepEqual(
    { found, doubled, strangers, recognized },
    {
      ...{ found: [{ rowId: 1, offset: 0 }], doubled: [], strangers: false, recognized: [] },
    },
  )
})

test('without that mark both would be told', async () => {
  const read = await readBackOf([batch(0, 5), batch(1, 5), batch(2, 4)])
  assert.ok(read.kind === 'read')
  assert.deepEqual([read.doubled, read.strangers], [[id(5)], true])
})
