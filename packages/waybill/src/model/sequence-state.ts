import { crc32 } from './checksum.js'
import { sequenceMax } from './sequence-number.js'
import type { MissingSequences, Track } from './sequence-track.js'
import { readVarint, varintSize, writeVarint } from './varint.js'

/** What a detector knows of one producer; `closed` newest first. */
export interface ProducerState {
  readonly current: Track
  readonly closed: readonly Track[]
}

/** Order is part of the stored format. */
const reasonOrder = ['aborted', 'compacted', 'retention', 'skipped', 'unexplained'] as const

/** Everything a detector knows. */
export interface DetectorState {
  /** First offset that was read. */
  base: number
  horizon: number
  /** Offsets from the base on that were not received and may hide records. */
  unread: number
  /** End of the last unread range, by reason. */
  lastUnread: { [reason in (typeof reasonOrder)[number]]?: number }
  /** True when something seen above the base is not remembered any more. */
  hasForgotten: boolean
  producers: Map<string, ProducerState>
}

// Text = mark + base64url(body); body = CRC-32 over place and rest (4 bytes, big endian), then varints in the order of
// `headOf` and `producerOf`, names as UTF-8 behind their length.
const mark = 'wbs1.'
const crcBytes = 4
/** Name, tracks and six numbers take a byte each at least. */
const producerBytesMin = 8

/** The state as text, without the producers silent for longest where it would be longer than `bytesMax` (with none, it may be). */
export function writeState(state: DetectorState, place: string, bytesMax: number): string {
  const bodyMax = Math.floor(((bytesMax - mark.length) * 3) / 4)
  const newest = newestOf(state, bodyMax / producerBytesMin)
  const kept: Part[][] = []
  // Ten bytes for the number of producers and the flag, which are known last.
  let size = crcBytes + 10 + sizeOf(headOf(state, 0, false))
  for (const [name, producer] of newest) {
    const parts = producerOf(state, name, producer)
    size += sizeOf(parts)
    if (size > bodyMax) break
    kept.push(parts)
  }
  const hasForgotten = state.hasForgotten || kept.length < state.producers.size
  const parts = [...headOf(state, kept.length, hasForgotten), ...kept.flat()]
  const body = Buffer.alloc(crcBytes + sizeOf(parts))
  let at = crcBytes
  for (const part of parts) {
    if (typeof part === 'number') at = writeVarint(body, at, part)
    else at += part.copy(body, at)
  }
  body.writeUInt32BE(checksum(body, place), 0)
  return mark + body.toString('base64url')
}

/** The producers that may fit, newest first. With thousands of them sorting all took longer than the rest of a commit. */
function newestOf({ producers }: DetectorState, count: number): readonly (readonly [string, ProducerState])[] {
  let known = [...producers]
  if (known.length > count) {
    const offsets = Float64Array.from(known, ([, { current }]) => current.lastOffset).sort()
    const least = offsets[Math.max(0, offsets.length - Math.ceil(count))] ?? 0
    known = known.filter(([, { current }]) => current.lastOffset >= least)
  }
  return known.sort(([, a], [, b]) => b.current.lastOffset - a.current.lastOffset)
}

type Part = number | Buffer

function sizeOf(parts: readonly Part[]): number {
  return parts.reduce<number>((sum, part) => sum + (typeof part === 'number' ? varintSize(part) : part.length), 0)
}

function headOf(state: DetectorState, producers: number, hasForgotten: boolean): Part[] {
  const lastUnread = reasonOrder.map((reason) => state.lastUnread[reason] ?? 0)
  return [state.base, state.horizon, state.unread, hasForgotten ? 1 : 0, ...lastUnread, producers]
}

function producerOf(state: DetectorState, name: string, { current, closed }: ProducerState): Part[] {
  const text = Buffer.from(name, 'utf8')
  return [text.length, text, 1 + closed.length, ...[current, ...closed].flatMap((track) => trackOf(state, track))]
}

/** Offsets and counts as distances from the newest: they are small, so the varints are short. */
function trackOf(state: DetectorState, track: Track): Part[] {
  const { producerId, producerEpoch } = track.incarnation
  const missing = track.missing.flatMap(({ from, count }) => [from, count])
  const distances = [state.horizon - track.lastOffset, state.unread - track.unread]
  return [producerId, producerEpoch, track.next, ...distances, track.missing.length, ...missing]
}

function checksum(body: Uint8Array, place: string): number {
  return crc32(body.subarray(crcBytes), crc32(Buffer.from(place)))
}

/** The state in such a text, for its own place; `undefined` for any other text. */
export function readState(text: string, place: string): DetectorState | undefined {
  if (!text.startsWith(mark)) return undefined
  const body = Buffer.from(text.slice(mark.length), 'base64url')
  if (body.length <= crcBytes || mark + body.toString('base64url') !== text) return undefined
  if (body.readUInt32BE(0) !== checksum(body, place)) return undefined
  const from = new Reader(body, crcBytes)
  const state = stateOf(from)
  return from.isWhole ? state : undefined
}

/** Reads numbers and texts; after the first thing that is not there it only gives zeros. */
class Reader {
  readonly #body: Buffer
  #at: number
  #failed = false

  constructor(body: Buffer, at: number) {
    this.#body = body
    this.#at = at
  }

  /** Everything was read, and everything that was asked for was there. */
  get isWhole(): boolean {
    return !this.#failed && this.#at === this.#body.length
  }

  number(max: number = Number.MAX_SAFE_INTEGER): number {
    const read = this.#failed ? undefined : readVarint(this.#body, this.#at)
    if (!read || read.value > max) {
      this.#failed = true
      return 0
    }
    this.#at = read.end
    return read.value
  }

  text(): string {
    const length = this.number(this.#body.length - this.#at)
    const start = this.#at
    this.#at += length
    if (this.#at > this.#body.length) this.#failed = true
    return this.#body.toString('utf8', start, this.#at)
  }

  /** A list whose length comes first; each item takes a byte at least. */
  list<T>(item: () => T): T[] {
    const length = this.number(this.#body.length - this.#at)
    return Array.from({ length: this.#failed ? 0 : length }, item)
  }
}

function stateOf(from: Reader): DetectorState {
  const base = from.number()
  const horizon = from.number()
  const unread = from.number()
  const hasForgotten = from.number(1) === 1
  const lastUnread = Object.fromEntries(reasonOrder.map((reason) => [reason, from.number()]))
  const producers = new Map(
    from.list(() => {
      const name = from.text()
      const [current, ...closed] = from.list(() => readTrack(from, horizon, unread))
      return [name, current && { current, closed }] as const
    }),
  )
  const known = [...producers].flatMap(([name, producer]) => (producer ? [[name, producer] as const] : []))
  return { base, horizon, unread, lastUnread, hasForgotten, producers: new Map(known) }
}

function readTrack(from: Reader, horizon: number, unread: number): Track {
  const incarnation = { producerId: from.number(), producerEpoch: from.number() }
  const next = from.number(sequenceMax)
  const lastOffset = horizon - from.number(horizon + 1)
  const unreadThen = unread - from.number(unread)
  const missing = from.list(
    (): MissingSequences => ({ from: from.number(sequenceMax), count: from.number(sequenceMax) }),
  )
  return { incarnation, next, lastOffset, unread: unreadThen, missing }
}
