import { gunzipSync } from 'node:zlib'
import { crc32c } from './crc32c.js'
import { HEADER_BYTES, RecordBatch } from './record-batch.js'

/** A record with a key; a null value is a tombstone. */
export interface KeyValue {
  readonly key: Buffer
  readonly value: Buffer | null
}

/** One uncompressed v2 batch without a producer, as Kafka's coordinators write them. `timestampMs` is of every record. */
export function encodeKeyValues(records: readonly KeyValue[], timestampMs: number): Buffer {
  const bodies = records.map(({ key, value }, index) => {
    const parts = [Buffer.from([0]), varint(0), varint(index), varint(key.length), key]
    parts.push(varint(value === null ? -1 : value.length), value ?? Buffer.alloc(0), varint(0))
    const body = Buffer.concat(parts)
    return Buffer.concat([varint(body.length), body])
  })
  const batch = Buffer.concat([Buffer.alloc(HEADER_BYTES), ...bodies])
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeInt8(2, 16)
  batch.writeInt32BE(records.length - 1, 23)
  batch.writeBigInt64BE(BigInt(timestampMs), 27)
  batch.writeBigInt64BE(BigInt(timestampMs), 35)
  batch.writeBigInt64BE(-1n, 43)
  batch.writeInt16BE(-1, 51)
  batch.writeInt32BE(-1, 53)
  batch.writeInt32BE(records.length, 57)
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}

/** The keys and values of a stored batch (its CRC was checked by recovery). Throws on a codec it cannot open. */
export function decodeKeyValues(batch: RecordBatch): KeyValue[] {
  if (batch.codec !== 'none' && batch.codec !== 'gzip') throw new Error(`a ${batch.codec} batch cannot be read here`)
  const bytes = batch.codec === 'gzip' ? gunzipSync(batch.recordBytes) : batch.recordBytes
  const records: KeyValue[] = []
  let at = 0
  const number = (): number => {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = bytes.readUInt8(at++)
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
    }
    throw new Error('a varint is longer than 5 bytes')
  }
  const take = (length: number): Buffer => {
    if (length < 0 || at + length > bytes.length) throw new Error('a record ends behind its batch')
    at += length
    return bytes.subarray(at - length, at)
  }
  for (let left = batch.count; left > 0; left--) {
    const end = number() + at
    at += 1
    // The timestamp delta may be longer than 32 bits; its value is of no use here.
    while (bytes.readUInt8(at++) >= 0x80);
    number()
    const keyLength = number()
    const key = keyLength < 0 ? Buffer.alloc(0) : take(keyLength)
    const valueLength = number()
    records.push({ key, value: valueLength < 0 ? null : take(valueLength) })
    at = end
  }
  return records
}

/** The batches in bytes that hold whole batches only, as `PartitionLog.read` answers them. */
export function* batchesIn(bytes: Buffer): Iterable<RecordBatch> {
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const batch = new RecordBatch(bytes.subarray(at))
    const size = batch.sizeBytes
    yield new RecordBatch(bytes.subarray(at, at + size))
    at += size
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let left = ((value << 1) ^ (value >> 31)) >>> 0
  for (; left >= 0x80; left >>>= 7) bytes.push((left & 0x7f) | 0x80)
  bytes.push(left)
  return Buffer.from(bytes)
}
