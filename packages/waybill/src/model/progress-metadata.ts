import { crc32 } from './checksum.js'
import type { OffsetRun } from './offset-runs.js'
import { readVarint, varintSize, writeVarint } from './varint.js'

// Text = mark + base64url(body). Body = CRC-32 (4 bytes, big endian) over the committed offset, the place and the rest;
// kind (1 byte); leader epoch + 1 (varint); payload. Payload of kind `runs`: pairs (distance from the end of the run before,
// length) as varints, the first distance counted from the committed offset. Kind `bitmap`: bit i, lowest first, stands for
// the offset `committed + 1 + i`; the offset `committed` itself is never closed.
const mark = 'wb1.'
const kindRuns = 0
const kindBitmap = 1
const crcBytes = 4

/** What is closed above a committed offset. Iterates the single offsets; `runs` gives the same as runs. */
export interface KnownProgress extends Iterable<number> {
  readonly runs: readonly OffsetRun[]
  /**
   * Leader epoch of the highest record the writer had received; -1 unknown. A log that was truncated below the last run and
   * written again holds other records there: compare with OffsetForLeaderEpoch before use.
   */
  readonly leaderEpoch: number
}

/** The runs, to be iterated by offset or by run. */
export function knownProgress(runs: readonly OffsetRun[], leaderEpoch: number): KnownProgress {
  return {
    runs,
    leaderEpoch,
    *[Symbol.iterator]() {
      for (const [from, to] of runs) for (let offset = from; offset < to; offset++) yield offset
    },
  }
}

/** What is to be written. */
export interface ProgressContent {
  readonly committed: number
  /** Runs above `committed`, rising, not adjacent to each other or to it. */
  readonly runs: Iterable<OffsetRun>
  /** Size of the runs as varint pairs. */
  readonly varintBytes: number
  /** End of the last run. */
  readonly end: number
  readonly leaderEpoch: number
}

/** Length of the text in bytes (it is ASCII) without building it. */
export function metadataSize(content: Omit<ProgressContent, 'runs'>): number {
  return mark.length + Math.ceil((bodySize(content) * 4) / 3)
}

function bodySize(content: Omit<ProgressContent, 'runs'>): number {
  const payload = Math.min(content.varintBytes, bitmapBytes(content))
  return crcBytes + 1 + varintSize(content.leaderEpoch + 1) + payload
}

function bitmapBytes({ committed, end }: Omit<ProgressContent, 'runs'>): number {
  return Math.ceil(Math.max(0, end - committed - 1) / 8)
}

/** The text; `place` is bound in with the committed offset. */
export function writeMetadata(content: ProgressContent, place: string): string {
  const body = Buffer.alloc(bodySize(content))
  const asRuns = content.varintBytes <= bitmapBytes(content)
  body[crcBytes] = asRuns ? kindRuns : kindBitmap
  const at = writeVarint(body, crcBytes + 1, content.leaderEpoch + 1)
  if (asRuns) writeRuns(body, at, content)
  else writeBitmap(body, at, content)
  body.writeUInt32BE(checksum(body, content.committed, place), 0)
  return mark + body.toString('base64url')
}

function writeRuns(body: Uint8Array, start: number, { committed, runs }: ProgressContent): void {
  let at = start
  let end = committed
  for (const [from, to] of runs) {
    at = writeVarint(body, at, from - end)
    at = writeVarint(body, at, to - from)
    end = to
  }
}

function writeBitmap(body: Uint8Array, start: number, { committed, runs }: ProgressContent): void {
  for (const [from, to] of runs)
    for (let bit = from - committed - 1; bit < to - committed - 1; bit++) {
      const at = start + Math.floor(bit / 8)
      body[at] = (body[at] ?? 0) | (1 << (bit % 8))
    }
}

function checksum(body: Uint8Array, committed: number, place: string): number {
  return crc32(body.subarray(crcBytes), crc32(Buffer.from(`${committed} ${place}`)))
}

/**
 * The progress in a commit's metadata, for the offset and the place it was written for. Everything else (another tool's
 * text, another version, damage, another offset) gives `undefined`: no progress known, so handle again; never "done".
 */
export function parseMetadata(text: string, committed: number, place = ''): KnownProgress | undefined {
  if (!text.startsWith(mark)) return undefined
  const body = Buffer.from(text.slice(mark.length), 'base64url')
  // Buffer drops what is not base64 without a word: only the text that these bytes give back is ours.
  if (body.length < crcBytes + 2 || mark + body.toString('base64url') !== text) return undefined
  if (body.readUInt32BE(0) !== checksum(body, committed, place)) return undefined
  const epoch = readVarint(body, crcBytes + 1)
  if (!epoch) return undefined
  const runs = readPayload(body[crcBytes], body.subarray(epoch.end), committed)
  return runs && knownProgress(runs, epoch.value - 1)
}

function readPayload(kind: number | undefined, payload: Uint8Array, committed: number): OffsetRun[] | undefined {
  if (kind === kindRuns) return readRuns(payload, committed)
  return kind === kindBitmap ? readBitmap(payload, committed) : undefined
}

function readRuns(payload: Uint8Array, committed: number): OffsetRun[] | undefined {
  const runs: OffsetRun[] = []
  let end = committed
  for (let at = 0; at < payload.length; ) {
    const gap = readVarint(payload, at)
    const length = gap && readVarint(payload, gap.end)
    if (!length || gap.value === 0 || length.value === 0) return undefined
    const from = end + gap.value
    end = from + length.value
    if (!Number.isSafeInteger(end)) return undefined
    runs.push([from, end])
    at = length.end
  }
  return runs
}

function readBitmap(payload: Uint8Array, committed: number): OffsetRun[] {
  const runs: OffsetRun[] = []
  let from: number | undefined
  for (let bit = 0; bit <= payload.length * 8; bit++) {
    const isClosed = ((payload[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0
    const offset = committed + 1 + bit
    if (isClosed) from ??= offset
    else if (from !== undefined) {
      runs.push([from, offset])
      from = undefined
    }
  }
  return runs
}
