import { invariant } from './errors.js'
import { OffsetRuns } from './offset-runs.js'
import {
  type KnownProgress,
  knownProgress,
  metadataSize,
  type ProgressContent,
  writeMetadata,
} from './progress-metadata.js'

export { type KnownProgress, parseMetadata } from './progress-metadata.js'

/** Kafka's default `offset.metadata.max.bytes`. */
const metadataBytesMax = 4096
/** What a single handled offset among others costs as a run of its own. */
const runBytes = 2

/**
 * Which offsets of one partition need no more work. An offset is *closed* when its record was handled (or durably parked),
 * or when it holds no record for us (a hole: control record, aborted, compacted). `position` is the lowest offset that is
 * not known to be closed: the only one that may be committed.
 *
 * It rests on three rules, asserted: the reader delivers rising offsets; only a received offset is handled, once; an offset
 * between two received ones is a hole for ever (Kafka never fills one). O(log n) per call; memory grows with the number of
 * runs, not of records.
 */
export class Progress {
  readonly #closed: OffsetRuns
  /** Everything below was received, is a hole, or was committed before. */
  #horizon: number
  #leaderEpoch = -1
  #received = 0
  #pending = 0

  /** `handledAbove`: what `parseMetadata` gave for this committed offset, or single offsets in any order. */
  constructor(committed: number, handledAbove: Iterable<number> = []) {
    invariant(isOffset(committed), 'progress-committed', `committed offset ${committed}`)
    this.#closed = new OffsetRuns(committed)
    this.#horizon = committed
    if (isKnownProgress(handledAbove)) {
      this.#leaderEpoch = handledAbove.leaderEpoch
      for (const [from, to] of handledAbove.runs) this.#close(from, to)
    } else for (const offset of handledAbove) this.#close(offset, offset + 1)
  }

  /** Next offset to commit: everything below is closed. It never falls. */
  get position(): number {
    return this.#closed.position
  }

  /** Next offset the reader will give at the earliest. */
  get horizon(): number {
    return this.#horizon
  }

  /** Records received, those that were handled already included. */
  get receivedCount(): number {
    return this.#received
  }

  /** Records received and neither handled nor parked. */
  get pendingCount(): number {
    return this.#pending
  }

  /** Leader epoch of the highest record received, here or by the writer of the metadata; -1 unknown. */
  get leaderEpoch(): number {
    return this.#leaderEpoch
  }

  /**
   * The record at `offset` was received: true when it is to be handled, false when it is closed already (skip it). Offsets
   * between the one received before and this are holes. `leaderEpoch`: its batch's, where known.
   */
  receive(offset: number, leaderEpoch = -1): boolean {
    if (!isOffset(offset) || offset < this.#horizon)
      invariant(false, 'progress-offset-rises', `received ${offset} where ${this.#horizon} or above was due`)
    this.#closed.add(this.#horizon, offset)
    this.#horizon = offset + 1
    this.#received++
    if (leaderEpoch > this.#leaderEpoch) this.#leaderEpoch = leaderEpoch
    if (this.#closed.has(offset)) return false
    this.#pending++
    return true
  }

  /**
   * The reader has passed everything below `offset`: what was not received there is a hole (control batches, aborted
   * records, a compacted tail). A lower offset than before changes nothing.
   */
  seenTo(offset: number): void {
    if (!isOffset(offset)) invariant(false, 'progress-seen', `seen to ${offset}`)
    if (offset <= this.#horizon) return
    this.#closed.add(this.#horizon, offset)
    this.#horizon = offset
  }

  /** The record at `offset` was handled or durably parked. It was received before and is not closed, else WB_INTERNAL. */
  handled(offset: number): void {
    if (!isOffset(offset) || offset >= this.#horizon)
      invariant(false, 'progress-handled-received', `handled ${offset}, received below ${this.#horizon}`)
    if (!this.#closed.add(offset, offset + 1))
      invariant(false, 'progress-handled-once', `${offset} was handled already or is a hole`)
    this.#pending--
  }

  /** The closed offsets above `position`, rising: handled ones and holes. */
  handledAbove(): KnownProgress {
    return knownProgress([...this.#closed.above()], this.#leaderEpoch)
  }

  /**
   * Text for the metadata of a commit of `position`: ASCII, at most `bytesMax` bytes, and complete: `undefined` when that is
   * not possible. Committing without it is safe (more is handled again). `place` names the partition (topic id and number),
   * so that text copied from another topic is not taken for this one's; the same must be given to `parseMetadata`.
   */
  metadata(bytesMax: number = metadataBytesMax, place = ''): string | undefined {
    const content = this.#content()
    return metadataSize(content) > bytesMax
      ? undefined
      : writeMetadata({ ...content, runs: this.#closed.above() }, place)
  }

  /**
   * Size of that text now as a share of `bytesMax`, above 1 when it does not fit; exact, O(1).
   */
  fullness(bytesMax: number = metadataBytesMax): number {
    return metadataSize(this.#content()) / bytesMax
  }

  /**
   * The same should all that was received be handled out of order at worst: what waits for handlers counts before they end, or
   * a reader that is faster than they are finds the limit passed only afterwards.
   */
  fullnessAhead(bytesMax: number = metadataBytesMax): number {
    const content = this.#content()
    const varintBytes = content.varintBytes + this.#pending * runBytes
    return metadataSize({ ...content, end: this.#horizon, varintBytes }) / bytesMax
  }

  #content(): Omit<ProgressContent, 'runs'> {
    const { position, end, varintBytes } = this.#closed
    return { committed: position, end, varintBytes, leaderEpoch: this.#leaderEpoch }
  }

  #close(from: number, to: number): void {
    invariant(isOffset(from) && isOffset(to), 'progress-known', `handled ${from} to ${to} from metadata`)
    this.#closed.add(from, to)
  }
}

function isOffset(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function isKnownProgress(value: Iterable<number>): value is KnownProgress {
  return 'runs' in value && 'leaderEpoch' in value
}
