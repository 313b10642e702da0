import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogConfig } from '../../src/log/log-config.js'
import { validateBatch } from '../../src/log/validation.js'
import { encodeBatch, plainRecords, seal, T0, type TestBatch } from './batches.js'
import { defaultConfig } from './partition.js'

function check(bytes: Uint8Array, settings: Partial<LogConfig> = {}): string {
  const result = validateBatch(bytes, { ...defaultConfig(), ...settings }, T0)
  return result.kind === 'valid' ? 'valid' : String(result.errorCode)
}
const checkSpec = (spec: TestBatch, settings: Partial<LogConfig> = {}): string => check(encodeBatch(spec), settings)

test('a good batch passes, plain or gzip, with headers, null values and without timestamps', () => {
  assert.equal(checkSpec({ records: plainRecords(3) }), 'valid')
  assert.equal(checkSpec({ records: plainRecords(300), gzip: true }), 'valid')
  assert.equal(
    checkSpec({
      records: [
        {
          value: null,
          headers: [
            ['a', 'b'],
            ['', ''],
          ],
        },
      ],
    }),
    'valid',
  )
  assert.equal(checkSpec({ records: [{ timestamp: -1 }] }, { timestampBeforeMaxMs: 10 }), 'valid')
})

test('size is judged before the CRC, the CRC before the records', () => {
  const bytes = encodeBatch({ records: [{ key: null, value: 'x'.repeat(500) }] })
  bytes[80] = 0
  assert.equal(check(bytes, { maxMessageBytes: 500, compacted: true }), '10')
  assert.equal(check(bytes, { compacted: true }), '2')
  assert.equal(check(seal(bytes), { compacted: true }), '87')
})

test('max.message.bytes counts the header and is itself allowed', () => {
  const bytes = encodeBatch({ records: plainRecords(1) })
  assert.equal(check(bytes, { maxMessageBytes: bytes.length }), 'valid')
  assert.equal(check(bytes, { maxMessageBytes: bytes.length - 1 }), '10')
})

test('anything but exactly one whole v2 batch is refused', () => {
  const bytes = encodeBatch({ records: plainRecords(2) })
  for (let length = 0; length < bytes.length; length++)
    assert.equal(check(bytes.subarray(0, length)), '87', `${length}`)
  assert.equal(check(Buffer.concat([bytes, bytes])), '87')
  const old = Buffer.from(bytes)
  old[16] = 1
  assert.equal(check(old), '87')
  const tiny = Buffer.from(bytes)
  tiny.writeInt32BE(13, 8)
  assert.equal(check(tiny), '2')
})

test('a header that contradicts itself is refused', () => {
  assert.equal(checkSpec({ baseOffset: 5 }), '87')
  assert.equal(checkSpec({ records: plainRecords(3), lastOffsetDelta: 1 }), '87')
  assert.equal(checkSpec({ records: plainRecords(3), count: 0, lastOffsetDelta: -1 }), '87')
  assert.equal(checkSpec({ records: plainRecords(3), count: 4, lastOffsetDelta: 3 }), '87')
  assert.equal(checkSpec({ records: plainRecords(3), count: 2, lastOffsetDelta: 1 }), '87')
  assert.equal(checkSpec({ producerId: 7n, sequence: -1 }), '87')
  assert.equal(checkSpec({ attributes: 0x20 }), '87', 'control batch')
  assert.equal(checkSpec({ attributes: 0x05 }), '87', 'unknown codec')
})

test('records that do not fill their declared sizes are refused, with a right CRC too', () => {
  const good = encodeBatch({ records: plainRecords(2) })
  for (let at = 61; at < good.length; at++) {
    const bytes = Buffer.from(good)
    bytes[at] = 0xff
    const result = check(seal(bytes), { timestampAfterMaxMs: Number.MAX_SAFE_INTEGER })
    assert.ok(result === '87' || result === 'valid' || result === '32', `byte ${at}: ${result}`)
  }
  const bytes = Buffer.from(good)
  bytes[61] = 0x02
  assert.equal(check(seal(bytes)), '87')
  const broken = encodeBatch({ records: plainRecords(50), gzip: true })
  broken.fill(0, 80, 90)
  assert.equal(check(seal(broken)), '87')
})

test('a compacted topic names every record without a key', () => {
  for (const gzip of [false, true]) {
    const bytes = encodeBatch({ records: [{ key: 'a' }, { key: null }, { key: '' }, { key: null }], gzip })
    const result = validateBatch(bytes, { ...defaultConfig(), compacted: true }, T0)
    assert.ok(result.kind === 'rejected' && result.errorCode === 87)
    assert.deepEqual(
      result.recordErrors?.map(({ index }) => index),
      [1, 3],
    )
    assert.equal(check(bytes), 'valid')
  }
})

test('timestamps out of range are named per record and win over missing keys', () => {
  const settings = { timestampBeforeMaxMs: 1000, timestampAfterMaxMs: 500, compacted: true }
  const stamps = [T0 - 1000, T0 - 1001, T0 + 500, T0 + 501]
  const bytes = encodeBatch({ records: [...stamps.map((timestamp) => ({ timestamp })), { key: null }] })
  const result = validateBatch(bytes, { ...defaultConfig(), ...settings }, T0)
  assert.ok(result.kind === 'rejected' && result.errorCode === 32)
  assert.deepEqual(
    result.recordErrors?.map(({ index }) => index),
    [1, 3, 4],
  )
  assert.equal(check(bytes, { ...settings, compacted: false, timestampType: 'LogAppendTime' }), 'valid')
})

test('of a codec that cannot be opened the header timestamps are judged', () => {
  const settings = { timestampBeforeMaxMs: 1000, timestampAfterMaxMs: 500 }
  const lz4 = (base: number, max: number): string =>
    check(encodeBatch({ records: plainRecords(2), attributes: 3, baseTimestamp: base, maxTimestamp: max }), settings)
  assert.equal(lz4(T0, T0 + 500), 'valid')
  assert.equal(lz4(T0, T0 + 501), '32')
  assert.equal(lz4(T0 - 1001, T0), '32')
})

test('a producer may not claim LogAppendTime on a LogAppendTime topic', () => {
  assert.equal(checkSpec({ attributes: 0x08 }, { timestampType: 'LogAppendTime' }), '32')
  assert.equal(checkSpec({}, { timestampType: 'LogAppendTime' }), 'valid')
})

test('a wrong largest timestamp in the header is corrected from the records', () => {
  const bytes = encodeBatch({ records: [{ timestamp: T0 }, { timestamp: T0 + 3 }], maxTimestamp: T0 + 999 })
  const result = validateBatch(bytes, defaultConfig(), T0)
  assert.ok(result.kind === 'valid')
  assert.equal(result.maxTimestamp, T0 + 3)
})

test('a batch larger than a segment is refused', () => {
  assert.equal(checkSpec({ records: [{ value: 'x'.repeat(200) }] }, { segmentBytes: 100 }), '18')
})
