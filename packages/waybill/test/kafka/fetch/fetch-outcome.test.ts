import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { outcomeOfFetched } from '../../../src/kafka/fetch/fetch-outcome.js'
import type { FetchOutcome } from '../../../src/ports/fetcher.js'
import { batch, fetched } from './log-writer.js'

const position = { topic: 't', topicId: '', partition: 0, offset: 0, lastLeaderEpoch: -1, bytesMax: 1000 }

function shown(outcome: FetchOutcome): string {
  if (outcome.kind !== 'records') return JSON.stringify(outcome)
  const offsets = outcome.batches.flatMap(({ records }) => records.map(({ offset }) => offset))
  return `${offsets.join()} then ${outcome.nextOffset}`
}

function damaged(bytes: Buffer): Buffer {
  const bad = Buffer.from(bytes)
  bad[bad.length - 1] = (bad[bad.length - 1] ?? 0) ^ 1
  return bad
}

describe('a fetched answer', () => {
  const [first, second] = [batch({ baseOffset: 0, values: ['a', 'b'] }), batch({ baseOffset: 2, values: ['c'] })]

  it('is read from the position on, and the batch that is cut off is left for the next', () => {
    assert.equal(shown(outcomeOfFetched({ ...position, offset: 1 }, fetched([first, second]))), '1,2 then 3')
    assert.equal(shown(outcomeOfFetched(position, fetched([first, second.subarray(0, 65)]))), '0,1 then 2')
    assert.equal(shown(outcomeOfFetched(position, fetched([]))), ' then 0')
  })

  it('skips offsets that compaction removed', () => {
    const later = batch({ baseOffset: 40, values: ['z'] })
    assert.equal(shown(outcomeOfFetched({ ...position, offset: 3 }, fetched([later]))), '40 then 41')
  })

  it('passes what it does not deliver: control batches and aborted transactions', () => {
    const gone = batch({ baseOffset: 0, values: ['x', 'y'], producerId: 5, isTransactional: true })
    const marker = batch({ baseOffset: 2, values: [''], producerId: 5, isTransactional: true, marker: 'abort' })
    const outcome = outcomeOfFetched(position, fetched([gone, marker], [{ producerId: 5, firstOffset: 0 }]))
    assert.equal(shown(outcome), ' then 3')
  })

  it('with a damaged batch is corrupt at its offset, after what came before it was delivered', () => {
    const outcome = outcomeOfFetched({ ...position, offset: 2 }, fetched([damaged(second)]))
    assert.ok(outcome.kind === 'corrupt' && outcome.offset === 2 && /CRC/.test(outcome.cause), JSON.stringify(outcome))
    assert.equal(shown(outcomeOfFetched(position, fetched([first, damaged(second)]))), '0,1 then 2')
  })

  it('with a damaged batch of an aborted transaction is corrupt, too: its id may be what is damaged', () => {
    const gone = batch({ baseOffset: 0, values: ['x'], producerId: 5, isTransactional: true })
    const outcome = outcomeOfFetched(position, fetched([damaged(gone)], [{ producerId: 5, firstOffset: 0 }]))
    assert.equal(outcome.kind, 'corrupt')
  })

  it('that tells a divergence brings nothing else', () => {
    const diverging = { leaderEpoch: 3, endOffset: 17 }
    assert.deepEqual(outcomeOfFetched(position, { ...fetched([first]), diverging }), {
      kind: 'diverging',
      ...diverging,
    })
  })
})
