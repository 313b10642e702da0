import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c } from '../../src/log/crc32c.js'

test('gives the published check values of CRC-32C (RFC 3720, B.4)', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
  assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa)
  assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43)
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e)
  assert.equal(crc32c(new Uint8Array(0)), 0)
})

test('continues over bytes that lie in two places, wherever they are cut', () => {
  const bytes = Buffer.from('the quick brown fox jumps over the lazy dog')
  for (let cut = 0; cut <= bytes.length; cut++) {
    assert.equal(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut))), crc32c(bytes), `cut at ${cut}`)
  }
})
