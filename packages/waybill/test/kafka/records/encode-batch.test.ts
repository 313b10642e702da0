import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Reader, readRecordsBatches } from '@platformatic/kafka'
import fc from 'fast-check'
import { batchOverheadBytes, recordSizeMax } from '../../../src/model/record-size.js'
import type { ProduceBatch, RecordData } from '../../../src/ports/broker.js'
import { decodeBatches } from '../../../src/kafka/records/decode-batches.js'
import { BatchEncoder } from '../../../src/kafka/records/encode-batch.js'

const bytes = fc.uint8Array({ maxLength: 300 })
const record: fc.Arbitrary<RecordData> = fc.record({
  key: fc.option(bytes),
  value: fc.option(fc.oneof(bytes, fc.uint8Array({ minLength: 8100, maxLength: 8300 }))),
  headers: fc.array(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 80 }), bytes), { maxLength: 4 }),
})
const batch: fc.Arbitrary<ProduceBatch> = fc.record({
  topic: fc.constant('t'),
  topicId: fc.constant('0'.repeat(31).concat('1')),
  partition: fc.nat(100),
  producerId: fc.maxSafeNat(),
  producerEpoch: fc.nat(32767),
  firstSequence: fc.nat(2147483647),
  stampMs: fc.integer({ min: 0, max: 4102444800000 }),
  records: fc.array(record, { minLength: 1, maxLength: 120 }),
})

function plain(records: readonly RecordData[]): unknown {
  return records.map(({ key, value, headers }) => ({
    key: key && Buffer.from(key),
    value: value && Buffer.from(value),
    headers: headers.map(([name, bytesOf]) => [Buffer.from(name).toString(), Buffer.from(bytesOf)]),
  }))
}

describe('record batches', () => {
  it('come back from their bytes as they went in', () => {
    const encoder = new BatchEncoder()
    fc.assert(
      fc.property(batch, (given) => {
        encoder.clear()
        const [back, ...more] = [...decodeBatches(encoder.encode(given))]
        assert.ok(back)
        assert.equal(more.length, 0)
        assert.deepEqual(plain(back.records), plain(given.records))
        assert.ok(back.records.every((each, index) => each.offset === index && each.timestampMs === given.stampMs))
        assert.deepEqual(
          [back.producerId, back.producerEpoch, back.firstSequence, back.maxTimestampMs, back.lastOffset],
          [given.producerId, given.producerEpoch, given.firstSequence, given.stampMs, given.records.length - 1],
        )
      }),
    )
  })

  it('are never larger than the bound the engine cuts flights by, and at most 9 bytes a record smaller', () => {
    const encoder = new BatchEncoder()
    fc.assert(
      fc.property(batch, (given) => {
        encoder.clear()
        const size = encoder.encode(given).length
        const bound = given.records.reduce((sum, each) => sum + recordSizeMax(each), batchOverheadBytes)
        assert.ok(size <= bound, `${size} > ${bound}`)
        assert.ok(bound - size <= 9 * given.records.length, `${bound} is too far from ${size}`)
      }),
    )
  })

  it('are read by the library as they went in', () => {
    const encoder = new BatchEncoder()
    fc.assert(
      fc.property(batch, (given) => {
        encoder.clear()
        const [back] = readRecordsBatches(Reader.from(Buffer.from(encoder.encode(given))))
        assert.ok(back)
        assert.equal(back.producerId, BigInt(given.producerId))
        assert.deepEqual(
          back.records.map(({ key, value }) => ({ key, value })),
          given.records.map(({ key, value }) => ({ key: key && Buffer.from(key), value: value && Buffer.from(value) })),
        )
      }),
      { numRuns: 50 },
    )
  })

  it('of one request do not overwrite each other while the buffer grows', () => {
    const encoder = new BatchEncoder()
    const make = (fill: number): ProduceBatch => ({
      topic: 't',
      topicId: '',
      partition: fill,
      producerId: 1,
      producerEpoch: 0,
      firstSequence: 0,
      stampMs: 1,
      records: [{ key: null, value: new Uint8Array(100_000).fill(fill), headers: [] }],
    })
    const encoded = [1, 2, 3, 4].map((fill) => encoder.encode(make(fill)))
    encoded.forEach((each, index) => {
      const [back] = [...decodeBatches(each)]
      assert.deepEqual(back?.records[0]?.value, Buffer.alloc(100_000, index + 1))
    })
  })
})
