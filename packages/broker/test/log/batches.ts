import { gzipSync } from 'node:zlib'
import { crc32c } from '../../src/log/crc32c.js'

/** One record of a test batch; `key: null` is a missing key. */
export interface TestRecord {
  key?: string | null
  value?: string | null
  timestamp?: number
  headers?: [string, string][]
}

/** What a test batch says in its header; everything has a harmless default. */
export interface TestBatch {
  records?: TestRecord[]
  producerId?: bigint
  epoch?: number
  sequence?: number
  attributes?: number
  gzip?: boolean
  baseTimestamp?: number
  maxTimestamp?: number
  baseOffset?: number
  count?: number
  lastOffsetDelta?: number
}

/** The clock's start in all log tests: 2025-01-01T00:00:00Z. */
export const T0 = 1_735_689_600_000

function varint(value: number): number[] {
  // Zigzag by arithmetic: timestamps differ by more than 32 bits can hold.
  let rest = value >= 0 ? value * 2 : -value * 2 - 1
  const bytes: number[] = []
  while (rest >= 128) {
    bytes.push((rest % 128) | 0x80)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return bytes
}

function field(text: string | null | undefined): Buffer {
  if (text === null || text === undefined) return Buffer.from(varint(-1))
  const bytes = Buffer.from(text)
  return Buffer.concat([Buffer.from(varint(bytes.length)), bytes])
}

function encodeRecord(record: TestRecord, index: number, baseTimestamp: number): Buffer {
  const headers = record.headers ?? []
  const body = Buffer.concat([
    Buffer.from([0, ...varint((record.timestamp ?? baseTimestamp) - baseTimestamp), ...varint(index)]),
    field(record.key === undefined ? 'k' : record.key),
    field(record.value === undefined ? 'v' : record.value),
    Buffer.from(varint(headers.length)),
    ...headers.flatMap(([name, value]) => [field(name), field(value)]),
  ])
  return Buffer.concat([Buffer.from(varint(body.length)), body])
}

/** Encodes a v2 batch as a producer would; independent of the code under test except for the CRC. */
export function encodeBatch(spec: TestBatch = {}): Buffer {
  const records = spec.records ?? [{}]
  const stamps = records.map((record) => record.timestamp ?? T0)
  const base = spec.baseTimestamp ?? stamps[0] ?? T0
  const plain = Buffer.concat(records.map((record, i) => encodeRecord({ timestamp: T0, ...record }, i, base)))
  const body = spec.gzip ? gzipSync(plain) : plain
  const bytes = Buffer.alloc(61 + body.length)
  bytes.writeBigInt64BE(BigInt(spec.baseOffset ?? 0), 0)
  bytes.writeInt32BE(49 + body.length, 8)
  bytes.writeInt32BE(-1, 12)
  bytes.writeInt8(2, 16)
  bytes.writeInt16BE((spec.attributes ?? 0) | (spec.gzip ? 1 : 0), 21)
  bytes.writeInt32BE(spec.lastOffsetDelta ?? records.length - 1, 23)
  bytes.writeBigInt64BE(BigInt(base), 27)
  bytes.writeBigInt64BE(BigInt(spec.maxTimestamp ?? Math.max(...stamps)), 35)
  bytes.writeBigInt64BE(spec.producerId ?? -1n, 43)
  bytes.writeInt16BE(spec.epoch ?? (spec.producerId === undefined ? -1 : 0), 51)
  bytes.writeInt32BE(spec.sequence ?? (spec.producerId === undefined ? -1 : 0), 53)
  bytes.writeInt32BE(spec.count ?? records.length, 57)
  body.copy(bytes, 61)
  return seal(bytes)
}

/** Puts the right CRC on a batch whose bytes a test has changed. */
export function seal(bytes: Buffer): Buffer {
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17)
  return bytes
}

/** `count` records with these values' prefix, all stamped `timestamp`. */
export function plainRecords(count: number, prefix = 'v', timestamp: number = T0): TestRecord[] {
  return Array.from({ length: count }, (_, i) => ({ value: `${prefix}${i}`, timestamp }))
}
