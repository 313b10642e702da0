import type { FetchedBatch } from './broker.js'
import type { GroupPartition } from './group.js'

/** Where to read on. */
export interface FetchPosition extends GroupPartition {
  readonly offset: number
  /** Leader epoch of the last record read; -1 unknown. The broker answers with a divergence when its log differs. */
  readonly lastLeaderEpoch: number
  readonly bytesMax: number
}

/** One partition's part of an answer. */
export type FetchOutcome =
  | {
      readonly kind: 'records'
      /** CRC verified, read_committed: aborted and control batches are left out, `nextOffset` passes them. */
      readonly batches: readonly FetchedBatch[]
      /** Where to read on: behind the last batch seen, also when nothing of it was delivered. */
      readonly nextOffset: number
      readonly logStart: number
      readonly highWatermark: number
    }
  /** Below the log start (retention, DeleteRecords) or above the end (truncation): never followed by a silent jump. */
  | { readonly kind: 'out-of-range'; readonly logStart: number; readonly highWatermark: number }
  /** The log ends `endOffset` for our last leader epoch: what we read from there on was truncated. */
  | { readonly kind: 'diverging'; readonly leaderEpoch: number; readonly endOffset: number }
  | { readonly kind: 'corrupt'; readonly offset: number; readonly cause: string }
  /** A passing error (moved leader, broker down, timeout): the same position again. */
  | { readonly kind: 'failed'; readonly cause: string }

/** Reads for consumers: one request per leader, long poll. */
export interface Fetcher {
  /**
   * Fetches from all positions; waits at most `waitMs` at the brokers for the first byte. Results in the order given; never
   * rejects. A leader that does not answer fails only its own partitions, after its deadline.
   * `onAnswer` is called as each leader answers, so that a slow one does not hold up the others.
   */
  fetch(
    positions: readonly FetchPosition[],
    waitMs: number,
    signal: AbortSignal,
    onAnswer: (position: FetchPosition, outcome: FetchOutcome) => void,
  ): Promise<void>
}
