import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeHeaders, encodeHeaders } from '../../src/model/header-list.js'

const bytes = fc.uint8Array({ maxLength: 300 })
const headers = fc.array(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 200 }), bytes), { maxLength: 20 })

test('any header list comes back as it was: order, repeated names, empty values, all bytes', () => {
  fc.assert(fc.property(headers, (list) => assert.deepEqual(decodeHeaders(encodeHeaders(list)), list)))
})

test('lengths around each size of the length number come back', () => {
  for (const length of [0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152]) {
    const value = new Uint8Array(length).fill(7)
    const [header] = decodeHeaders(encodeHeaders([['h', value]]))
    assert(header && header[1].length === length && Buffer.compare(header[1], value) === 0, `${length}`)
  }
})

test('no headers are no bytes', () => assert.equal(encodeHeaders([]).length, 0))

test('a list that was cut or damaged is WB_STORE_CORRUPT, or another list, but never a crash', () => {
  const whole = encodeHeaders([
    ['a', Uint8Array.of(1, 2, 3)],
    ['b', new Uint8Array(200)],
  ])
  for (let end = 1; end < whole.length; end++) {
    // After the first header the shorter list is whole again.
    if (end === 6) continue
    assert.throws(() => decodeHeaders(whole.subarray(0, end)), { code: 'WB_STORE_CORRUPT' }, `${end}`)
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (noise) => {
      try {
        decodeHeaders(noise)
      } catch (error) {
        assert(error instanceof Error && 'code' in error && error.code === 'WB_STORE_CORRUPT', String(error))
      }
    }),
  )
})
