/** Byte places inside a record batch of format 2 (Kafka's `DefaultRecordBatch`). */
export const batchLayout = {
  baseOffset: 0,
  length: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
  records: 61,
} as const

/** Bytes before the length field counts. */
export const lengthPrefixBytes = 12

/** Bits of the attributes field. */
export const attributeBits = { compression: 0x07, logAppendTime: 0x08, transactional: 0x10, control: 0x20 } as const

const two32 = 4294967296

/** Writes an int64 that fits a JavaScript integer. */
export function writeInt64(buffer: Buffer, value: number, at: number): void {
  buffer.writeInt32BE(Math.floor(value / two32), at)
  buffer.writeUInt32BE(value >>> 0, at + 4)
}

/**
 * Reads an int64. Values beyond 2^53 lose precision: Kafka's offsets, timestamps and producer ids stay far below
 * (a producer id grows by one per producer).
 */
export function readInt64(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at) * two32 + buffer.readUInt32BE(at + 4)
}
