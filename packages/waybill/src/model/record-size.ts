/** Bytes of a record batch (format 2) around its records: Kafka's `DefaultRecordBatch.RECORD_BATCH_OVERHEAD`. */
export const batchOverheadBytes = 61

/** The part of a record its size depends on. */
export interface SizedRecord {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly (readonly [name: string, value: Uint8Array])[]
}

// The record's own length, its place in the batch and its attributes are bounded rather than computed: 5 + 5 + 1 bytes;
// the timestamp delta is 0 (one byte) because every record of a batch carries the batch's stamp.
const fixedBytesMax = 12

/**
 * An upper bound of the record's encoded size inside a batch, at most 9 bytes too high. With `batchOverheadBytes` it bounds
 * the batch, uncompressed, as the broker compares it with `max.message.bytes`.
 */
export function recordSizeMax(record: SizedRecord): number {
  let size = fixedBytesMax + lengthSize(record.headers.length)
  size += record.key === null ? 1 : lengthSize(record.key.length) + record.key.length
  size += record.value === null ? 1 : lengthSize(record.value.length) + record.value.length
  for (const [name, value] of record.headers) {
    const nameBytes = utf8Size(name)
    size += lengthSize(nameBytes) + nameBytes + lengthSize(value.length) + value.length
  }
  return size
}

/** Bytes of a zigzag varint that holds a length. */
function lengthSize(length: number): number {
  if (length < 64) return 1
  if (length < 8192) return 2
  if (length < 1048576) return 3
  return length < 134217728 ? 4 : 5
}

/** UTF-8 bytes of a text; an unpaired surrogate becomes U+FFFD, three bytes, as in every encoder. */
function utf8Size(text: string): number {
  let size = text.length
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x80) continue
    size += code < 0x800 ? 1 : 2
    const next = text.charCodeAt(i + 1)
    if (code >= 0xd800 && code < 0xdc00 && next >= 0xdc00 && next < 0xe000) {
      // a pair is four bytes and two code units
      i++
    }
  }
  return size
}
