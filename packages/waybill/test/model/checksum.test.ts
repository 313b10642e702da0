import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from '../../src/model/checksum.js'

test('the checksum is CRC-32: the check value of the standard, and in parts as in one', () => {
  const text = Buffer.from('123456789')
  assert.equal(crc32(text), 0xcbf43926)
  assert.equal(crc32(text.subarray(4), crc32(text.subarray(0, 4))), 0xcbf43926)
  assert.equal(crc32(new Uint8Array()), 0)
})
