import { join } from 'node:path'
import { type FoundBatch, scanBatches } from './batch-scan.js'
import { type LogFiles, readFully, writeFully } from './log-files.js'
import { RecordBatch } from './record-batch.js'

/** One index entry every so many bytes of log: what a read has to walk at most (Kafka: index.interval.bytes). */
const INDEX_INTERVAL_BYTES = 4096
/** Read at once when looking a position up: one index interval and the next header fit. */
const LOOKUP_BYTES = 2 * INDEX_INTERVAL_BYTES

/** `<20 digits>` + extension, as Kafka names its files. */
export function offsetName(offset: number, extension: string): string {
  return `${String(offset).padStart(20, '0')}${extension}`
}

/** The offsets in the names of the files with this extension, rising. */
export function offsetsOf(names: readonly string[], extension: string): number[] {
  return names
    .filter((name) => name.endsWith(extension) && /^\d{20}$/.test(name.slice(0, -extension.length)))
    .map((name) => Number(name.slice(0, 20)))
    .sort((a, b) => a - b)
}

/** A stored batch as it is on disk: header as rewritten by the leader, records as sent. */
export interface StoredBatch {
  header: RecordBatch
  records: Uint8Array
}

/** Index columns; entry i stands for the batch at `positions[i]`. */
interface Index {
  offsets: number[]
  positions: number[]
  /** Largest timestamp of all batches before entry i: never falls, so it can be searched. */
  maxBefore: number[]
}

/**
 * One segment file and its sparse in-memory index (Kafka's LogSegment, OffsetIndex and TimeIndex in one; the index is
 * rebuilt on open, there are no index files). Knows nothing of producers, flushing policy or configuration.
 */
export class Segment {
  readonly baseOffset: number
  readonly path: string
  readonly #files: LogFiles
  readonly #fd: number
  readonly #index: Index = { offsets: [], positions: [], maxBefore: [] }
  #size = 0
  #endOffset: number
  #maxTimestamp = -1
  #maxTimestampAt = 0
  #indexedTo = 0

  private constructor(files: LogFiles, path: string, fd: number, baseOffset: number) {
    this.#files = files
    this.path = path
    this.#fd = fd
    this.baseOffset = baseOffset
    this.#endOffset = baseOffset
  }

  /** Opens or creates the file. Its batches are unknown until `load` has been called. */
  static open(files: LogFiles, dir: string, baseOffset: number): Segment {
    const path = join(dir, offsetName(baseOffset, '.log'))
    return new Segment(files, path, files.open(path), baseOffset)
  }

  /** Bytes of whole batches. */
  get size(): number {
    return this.#size
  }
  /** The offset after the last record; the base offset while empty. */
  get endOffset(): number {
    return this.#endOffset
  }
  /** Largest batch timestamp in ms, -1 when empty or when no record has one. */
  get maxTimestamp(): number {
    return this.#maxTimestamp
  }

  /**
   * Reads the file and builds the index; `visit` sees every good batch in order. With `checkCrc` every batch's checksum
   * is verified (LogSegment.recover). Everything after the first bad batch is cut off; returns how many bytes that were.
   */
  load(checkCrc: boolean, visit: (batch: RecordBatch) => void): number {
    const fileSize = this.#files.size(this.#fd)
    const depth = checkCrc ? 'whole' : 'header'
    for (const { position, batch } of scanBatches(this.#files, this.#fd, {
      from: 0,
      to: fileSize,
      depth,
      windowBytes: 64 * 1024,
    })) {
      if (batch.baseOffset < this.#endOffset || (checkCrc && !batch.isCrcValid())) break
      this.#noteBatch(position, batch)
      visit(batch)
    }
    if (this.#size < fileSize) this.#files.truncate(this.#fd, this.#size)
    return fileSize - this.#size
  }

  /**
   * Writes one batch at the end, wholly or not at all: after a failed write the file is cut back and the error thrown.
   * When even cutting back fails an AggregateError is thrown, and the file must not be written again: remains of the
   * failed batch would lie behind a later, shorter one and could be taken for records.
   */
  append(stored: StoredBatch): void {
    const position = this.#size
    try {
      writeFully(this.#files, this.#fd, [stored.header.bytes, stored.records], position)
    } catch (error) {
      try {
        this.#files.truncate(this.#fd, position)
      } catch (second) {
        throw new AggregateError([error, second], `${this.path} could not be cut back to ${position} bytes`, {
          cause: second,
        })
      }
      throw error
    }
    this.#noteBatch(position, stored.header)
  }

  /** Whole batches from the one that holds `offset` (or the next one) on; undefined when there is none here. */
  read(offset: number, maxBytes: number, atLeastOne: boolean): Buffer | undefined {
    for (const { position, batch } of this.#from(this.#positionBefore(offset))) {
      if (batch.lastOffset < offset) continue
      const first = batch.sizeBytes
      if (first > maxBytes) return atLeastOne ? this.#bytes(position, first) : Buffer.alloc(0)
      return wholeBatches(this.#bytes(position, Math.min(maxBytes, this.#size - position)))
    }
    return undefined
  }

  /** The batches whose largest timestamp is at least `ms`, whole, in order. */
  *batchesFromTimestamp(ms: number): Generator<RecordBatch> {
    if (this.#maxTimestamp < ms) return
    const { maxBefore, positions } = this.#index
    const start = positions[lastBelow(maxBefore, ms)] ?? 0
    for (const { position, batch } of this.#from(start)) {
      if (batch.maxTimestamp >= ms) yield this.#whole(position, batch)
    }
  }

  /** The (first) batch that holds the segment's largest timestamp, whole; undefined when empty. */
  batchOfMaxTimestamp(): RecordBatch | undefined {
    for (const { position, batch } of this.#from(this.#maxTimestampAt)) return this.#whole(position, batch)
    return undefined
  }

  sync(): void {
    this.#files.sync(this.#fd)
  }
  close(): void {
    this.#files.close(this.#fd)
  }

  #from(position: number): Generator<FoundBatch> {
    return scanBatches(this.#files, this.#fd, {
      from: position,
      to: this.#size,
      depth: 'header',
      windowBytes: LOOKUP_BYTES,
    })
  }

  #whole(position: number, header: RecordBatch): RecordBatch {
    return new RecordBatch(this.#bytes(position, header.sizeBytes))
  }

  #bytes(position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    const got = readFully(this.#files, this.#fd, bytes, position)
    if (got < length)
      throw new Error(`${this.path} was cut by another process: ${got} of ${length} bytes at ${position}`)
    return bytes
  }

  #positionBefore(offset: number): number {
    return this.#index.positions[lastBelow(this.#index.offsets, offset + 1)] ?? 0
  }

  #noteBatch(position: number, batch: RecordBatch): void {
    const { offsets, positions, maxBefore } = this.#index
    if (offsets.length === 0 || position - this.#indexedTo >= INDEX_INTERVAL_BYTES) {
      offsets.push(batch.baseOffset)
      positions.push(position)
      maxBefore.push(this.#maxTimestamp)
      this.#indexedTo = position
    }
    const timestamp = batch.maxTimestamp
    if (timestamp > this.#maxTimestamp) {
      this.#maxTimestamp = timestamp
      this.#maxTimestampAt = position
    }
    this.#size = position + batch.sizeBytes
    this.#endOffset = batch.lastOffset + 1
  }
}

/** The last index whose value is below `limit`, or -1; `values` never fall. */
function lastBelow(values: readonly number[], limit: number): number {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((values[middle] as number) < limit) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** Cuts a piece of a segment after its last complete batch. */
function wholeBatches(bytes: Buffer): Buffer {
  let end = 0
  while (end + 12 <= bytes.length) {
    const next = end + 12 + bytes.readInt32BE(end + 8)
    if (next > bytes.length) break
    end = next
  }
  return bytes.subarray(0, end)
}
