import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { crc32c, createRecordsBatch } from '@platformatic/kafka'
import fc from 'fast-check'
import { decodeBatches } from '../../../src/kafka/records/decode-batches.js'

describe('a fetched piece of log', () => {
  const message = { topic: 't', partition: 0, value: Buffer.from('v'), key: Buffer.from('k'), timestamp: 5n }

  for (const compression of ['none', 'gzip', 'snappy', 'lz4'] as const)
    it(`is read when another client compressed it with ${compression}`, () => {
      const other = createRecordsBatch([message, { ...message, timestamp: 2n, value: Buffer.alloc(5000, 7) }], {
        compression,
      })
      const [back] = [...decodeBatches(Buffer.from(other.buffer))]
      assert.deepEqual(
        back?.records.map(({ offset, timestampMs, value }) => [offset, timestampMs, value && Buffer.from(value)]),
        [
          [0, 5, Buffer.from('v')],
          [1, 2, Buffer.alloc(5000, 7)],
        ],
      )
    })

  it("is read when Java's client framed snappy in blocks", () => {
    const raw = createRecordsBatch([message], { compression: 'snappy' }).buffer
    const block = raw.subarray(61)
    const header = Buffer.from('82534e41505059000000000100000001', 'hex')
    const length = Buffer.alloc(4)
    length.writeInt32BE(block.length)
    const framed = Buffer.concat([raw.subarray(0, 61), header, length, block])
    framed.writeInt32BE(framed.length - 12, 8)
    framed.writeUInt32BE(crc32c(framed.subarray(21)), 17)
    const [back] = [...decodeBatches(framed)]
    assert.equal(Buffer.from(back?.records[0]?.value ?? []).toString(), 'v')
  })

  it('with any flipped bit after the CRC is refused', () => {
    const good = Buffer.from(createRecordsBatch([message]).buffer)
    fc.assert(
      fc.property(fc.integer({ min: 17 * 8, max: good.length * 8 - 1 }), (bit) => {
        const bad = Buffer.from(good)
        bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        assert.throws(() => [...decodeBatches(bad)], { code: 'WB_RECORD_CORRUPT' })
      }),
    )
  })

  it('that ends inside a batch gives the whole batches before it', () => {
    const good = Buffer.from(createRecordsBatch([message]).buffer)
    fc.assert(
      fc.property(fc.nat(good.length - 1), (cut) => {
        const piece = Buffer.concat([good, good.subarray(0, cut)])
        assert.equal([...decodeBatches(piece)].length, 1)
      }),
    )
  })
})
