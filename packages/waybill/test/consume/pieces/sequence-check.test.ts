import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { ForeignRecord } from '../../../src/consume/pieces/foreign-record.js'
import { SequenceCheck } from '../../../src/consume/pieces/sequence-check.js'
import { formatHeader } from '../../../src/model/header.js'

const place = { topic: 'orders', partition: 0 }

function record(offset: number, sequence: number, more: Record<string, string> = {}): ForeignRecord {
  const incarnation = { producerId: 7, producerEpoch: 0 }
  const waybill = formatHeader({ source: 'shop', lane: 3, incarnation, sequence, messageId: '0'.repeat(32) })
  return { ...place, offset, timestamp: 0, headers: { waybill, ...more } }
}

const foreign = (offset: number): ForeignRecord => ({ ...place, offset, timestamp: 0 })

it('records that are missing, doubled or late are found, others are passed over', () => {
  const check = new SequenceCheck(place, 100)
  const looked = [
    record(100, 5),
    foreign(101),
    record(102, 6),
    record(103, 9),
    record(104, 7),
    record(105, 9),
    record(106, 8, { 'waybill-heal': '0-1' }),
    record(107, 0, { 'waybill-dead-topic': 'returns' }),
    record(108, 10),
  ].map((one) => check.look(one)?.kind)
  const well = undefined
  assert.deepEqual(looked, [well, well, well, 'gap', 'reordered', 'duplicate', well, well, well])
})

it('a gap names what is missing, and offsets that were not read may hide it', () => {
  const check = new SequenceCheck(place, 0)
  check.look(record(50, 0))
  const gap = check.look(record(51, 3))
  assert.deepEqual([gap?.from, gap?.length, gap?.count], [1, 2, 2])
  assert.equal(check.look(record(55, 6)), undefined)
})
