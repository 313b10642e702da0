import { compressionsAlgorithms } from '@platformatic/kafka'
import { WaybillError } from '../../model/errors.js'

const snappyMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const snappyHeaderBytes = 16

/**
 * The records of a compressed batch. waybill writes uncompressed batches, but a broker may recompress them
 * (`compression.type`), and other producers share the partition.
 * zstd needs Node >= 22.15; without it the batch cannot be read and WB_KAFKA_REFUSED says so.
 */
export function decompress(code: number, bytes: Buffer): Buffer {
  if (code === 0) return bytes
  if (code === 1) return compressionsAlgorithms.gzip.decompressSync(bytes)
  if (code === 2) return decompressSnappy(bytes)
  if (code === 3) return compressionsAlgorithms.lz4.decompressSync(bytes)
  if (code === 4 && compressionsAlgorithms.zstd.available) return compressionsAlgorithms.zstd.decompressSync(bytes)
  const name = code === 4 ? 'zstd, which this Node cannot read: use Node >= 22.15' : `unknown (${code})`
  throw new WaybillError('WB_KAFKA_REFUSED', `the compression of a record batch is ${name}`, {
    facts: { kafka: 'UNSUPPORTED_COMPRESSION_TYPE', compression: code },
  })
}

/** Java's clients frame snappy in blocks (xerial's `SnappyOutputStream`), librdkafka sends one raw block. */
function decompressSnappy(bytes: Buffer): Buffer {
  const { decompressSync } = compressionsAlgorithms.snappy
  if (!bytes.subarray(0, snappyMagic.length).equals(snappyMagic)) return decompressSync(bytes)
  const blocks: Buffer[] = []
  for (let at = snappyHeaderBytes; at < bytes.length; ) {
    const length = bytes.readInt32BE(at)
    if (length < 0 || at + 4 + length > bytes.length) throw new RangeError(`snappy block of ${length} bytes at ${at}`)
    blocks.push(Buffer.from(decompressSync(bytes.subarray(at + 4, at + 4 + length))))
    at += 4 + length
  }
  return Buffer.concat(blocks)
}
