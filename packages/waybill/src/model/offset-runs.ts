import { varintSize } from './varint.js'

/** Offsets from `from` up to and excluding `to`. */
export type OffsetRun = readonly [from: number, to: number]

// Runs live in blocks of sorted arrays: a splice then moves at most this many numbers, whatever the total is. Measured with
// 100,000 open offsets closed in random order: 0.5 µs each with 128 to 512, 1 µs with 1,024, 10 µs with one flat array.
const blockMax = 512

interface Block {
  readonly starts: number[]
  readonly ends: number[]
}

/** A run inside the blocks. */
interface Place {
  readonly block: number
  readonly index: number
  readonly start: number
  readonly end: number
}

/**
 * A set of offsets as sorted, disjoint, non-adjacent runs. The first run is the base: everything below `position`. Adding
 * is O(log n) plus a bounded move; the size of the runs as varints is kept up to date with every change.
 */
export class OffsetRuns {
  readonly #blocks: Block[]
  #count = 0
  #varintBytes = 0

  /** Everything below `position` belongs to the set. */
  constructor(position: number) {
    this.#blocks = [{ starts: [-1], ends: [position] }]
  }

  /** End of the base run: the lowest offset that is not in the set. */
  get position(): number {
    return this.#blocks[0]?.ends[0] ?? 0
  }

  /** End of the highest run. */
  get end(): number {
    return this.#blocks.at(-1)?.ends.at(-1) ?? 0
  }

  /** Runs above the base. */
  get count(): number {
    return this.#count
  }

  /** Size of the runs above the base, each as (distance from the run before, length), both as varints. */
  get varintBytes(): number {
    return this.#varintBytes
  }

  /** Whether `offset` is in the set. */
  has(offset: number): boolean {
    return offset < this.end && offset < this.#locate(offset).end
  }

  /** Adds the offsets from `from` up to and excluding `to`; false when all of them were in the set. */
  add(from: number, to: number): boolean {
    if (from >= to) return false
    const before = this.#locate(from)
    if (before.end >= to) return false
    this.#grow(before.end >= from ? before : this.#insert(before, from), to)
    return true
  }

  /** The runs above the base, rising. Not to be used across changes. */
  *above(): Generator<OffsetRun> {
    let isBase = true
    for (const { starts, ends } of this.#blocks)
      for (const [index, start] of starts.entries()) {
        if (!isBase) yield [start, ends[index] ?? start]
        isBase = false
      }
  }

  /** The last run that starts at or below `offset`; the base starts at -1, so there is one. */
  #locate(offset: number): Place {
    const block = lastAtMost(this.#blocks.length, offset, (i) => this.#blocks[i]?.starts[0] ?? 0)
    const starts = this.#blocks[block]?.starts ?? []
    return this.#at(
      block,
      lastAtMost(starts.length, offset, (i) => starts[i] ?? 0),
    )
  }

  #at(block: number, index: number): Place {
    const { starts, ends } = this.#blocks[block] ?? { starts: [], ends: [] }
    return { block, index, start: starts[index] ?? 0, end: ends[index] ?? 0 }
  }

  #after({ block, index }: Place): Place | undefined {
    if (index + 1 < (this.#blocks[block]?.starts.length ?? 0)) return this.#at(block, index + 1)
    return block + 1 < this.#blocks.length ? this.#at(block + 1, 0) : undefined
  }

  /** Puts an empty run at `from` behind `before`; `#grow` fills it. */
  #insert(before: Place, from: number): Place {
    const next = this.#after(before)
    if (next) this.#varintBytes += varintSize(next.start - from) - varintSize(next.start - before.end)
    this.#varintBytes += varintSize(from - before.end) + varintSize(0)
    this.#count++
    const { block, index } = this.#makeRoom(before)
    this.#blocks[block]?.starts.splice(index + 1, 0, from)
    this.#blocks[block]?.ends.splice(index + 1, 0, from)
    return { block, index: index + 1, start: from, end: from }
  }

  /** Splits a full block in two; returns where the run is now. */
  #makeRoom(place: Place): Place {
    const full = this.#blocks[place.block]
    if (!full || full.starts.length < blockMax) return place
    const half = blockMax / 2
    this.#blocks.splice(place.block + 1, 0, { starts: full.starts.splice(half), ends: full.ends.splice(half) })
    return place.index < half ? place : { ...place, block: place.block + 1, index: place.index - half }
  }

  /** Moves the end of a run up to `to` and swallows the runs it meets. */
  #grow(run: Place, to: number): void {
    let end = to
    let gapFrom = run.end
    let next = this.#after(run)
    for (; next && next.start <= end; next = this.#after(run)) {
      this.#varintBytes -= varintSize(next.start - gapFrom) + varintSize(next.end - next.start)
      gapFrom = next.end
      if (next.end > end) end = next.end
      this.#remove(next)
    }
    if (next) this.#varintBytes += varintSize(next.start - end) - varintSize(next.start - gapFrom)
    if (run.start >= 0) this.#varintBytes += varintSize(end - run.start) - varintSize(run.end - run.start)
    const ends = this.#blocks[run.block]?.ends
    if (ends) ends[run.index] = end
  }

  #remove({ block, index }: Place): void {
    this.#count--
    const from = this.#blocks[block]
    from?.starts.splice(index, 1)
    from?.ends.splice(index, 1)
    if (from?.starts.length === 0) this.#blocks.splice(block, 1)
  }
}

/** The last index whose value is at most `limit`; index 0 is known to be. */
function lastAtMost(length: number, limit: number, valueAt: (index: number) => number): number {
  let low = 0
  let high = length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (valueAt(middle) <= limit) low = middle
    else high = middle - 1
  }
  return low
}
