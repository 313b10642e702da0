/** A leader epoch and the first offset written (or to be written) in it. */
export interface EpochStart {
  epoch: number
  startOffset: number
}

/**
 * Which leader epoch begins at which offset: Kafka's LeaderEpochFileCache (KIP-101, KIP-279). Both columns rise strictly.
 * A pure table; the log stores it.
 */
export class LeaderEpochs {
  #starts: EpochStart[]

  constructor(starts: readonly EpochStart[] = []) {
    this.#starts = []
    for (const { epoch, startOffset } of starts) this.assign(epoch, startOffset)
  }

  get latest(): number | undefined {
    return this.#starts.at(-1)?.epoch
  }

  /**
   * Notes that `epoch` begins at `startOffset`; true when the table changed. Entries that the new one contradicts (same or
   * newer epoch, same or higher offset) go. An epoch already running is left alone.
   */
  assign(epoch: number, startOffset: number): boolean {
    if (epoch < 0) return false
    const last = this.#starts.at(-1)
    if (last !== undefined && last.epoch === epoch && startOffset >= last.startOffset) return false
    this.#starts = this.#starts.filter((start) => start.epoch < epoch && start.startOffset < startOffset)
    this.#starts.push({ epoch, startOffset })
    return true
  }

  /** The log now ends at `endOffset`: epochs that began at or after it are gone. */
  truncateFromEnd(endOffset: number): boolean {
    const before = this.#starts.length
    this.#starts = this.#starts.filter((start) => start.startOffset < endOffset)
    return this.#starts.length !== before
  }

  /** The log now starts at `startOffset`: the epoch running there is kept and moved up to it, older ones go. */
  truncateFromStart(startOffset: number): boolean {
    const running = this.#starts.findLast((start) => start.startOffset <= startOffset)
    if (running === undefined || running.startOffset === startOffset) {
      const before = this.#starts.length
      this.#starts = this.#starts.filter((start) => start.startOffset >= startOffset)
      return this.#starts.length !== before
    }
    this.#starts = [
      { epoch: running.epoch, startOffset },
      ...this.#starts.filter((start) => start.startOffset > startOffset),
    ]
    return true
  }

  /**
   * Where `epoch` ends: the start of the next known epoch, or the log's end for the latest one; the answer names the
   * largest known epoch that is not larger. -1/-1 when unknown (LeaderEpochFileCache.endOffsetFor).
   */
  endOffsetFor(epoch: number, logEndOffset: number): { leaderEpoch: number; endOffset: number } {
    if (epoch >= 0 && epoch === this.latest) return { leaderEpoch: epoch, endOffset: logEndOffset }
    const higher = this.#starts.find((start) => start.epoch > epoch)
    if (epoch < 0 || higher === undefined) return { leaderEpoch: -1, endOffset: -1 }
    const floor = this.#starts.findLast((start) => start.epoch <= epoch)
    return { leaderEpoch: floor?.epoch ?? epoch, endOffset: higher.startOffset }
  }

  entries(): readonly EpochStart[] {
    return this.#starts
  }
}
