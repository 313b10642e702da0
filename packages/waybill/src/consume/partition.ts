import type { Progress } from '../model/progress.js'
import type { CommittedOffset, GroupPartition } from '../ports/group.js'
import { progressBytesMax, writeCommitMetadata } from '../model/commit-metadata.js'
import type { SequenceWatch } from './sequence-watch.js'

/** Share of the commit metadata from which a partition's fetching pauses until its oldest gap closes. */
const fullnessMax = 0.75
/** The same below the end of what is known already: reading there closes gaps, and adds next to nothing. */
const fullnessMaxInGaps = 0.95

/**
 * A partition while it is assigned to us: one object per assignment. Results that belong to an earlier assignment of the
 * same partition hold the earlier object, so they can never count for this one, also when the same offset is read again.
 * loading → active → revoking → gone; loading and active → gone when we are fenced.
 */
export class AssignedPartition {
  readonly place: GroupPartition
  /** Topic id and number. */
  readonly name: string
  phase: 'loading' | 'active' | 'revoking' | 'gone' = 'loading'
  progress: Progress | undefined
  watch: SequenceWatch | undefined
  /** Next offset to fetch. */
  fetchOffset = 0
  /** End of the log at the last answer. */
  highWatermark = 0
  lastLeaderEpoch = -1
  /** End of what the commit metadata named as handled when the assignment began. */
  knownTo = 0
  /** Neither fetched nor handed to handlers; what runs may end and is committed. */
  paused = false
  /** Handlers running now. */
  running = 0
  /** Messages that wait for a handler or are being handled. */
  waiting = 0
  /** Monotonic time before which it is not fetched (after an error). */
  fetchNotBeforeMs = 0
  fetchFailures = 0
  /** What the group holds, as far as we know. */
  committed: Pick<CommittedOffset, 'offset' | 'metadata'> | undefined
  /** Less once the cluster has refused our metadata as too large: the progress alone, then nothing. */
  metadataKept: 'all' | 'progress' | 'nothing' = 'all'
  /** Aborted when the partition is no longer ours: handlers still running are told. */
  readonly gone: AbortController = new AbortController()
  /** Leader epochs of fetched batches by first offset, newest last; to commit a position with the epoch of its record. */
  readonly #epochs: { readonly fromOffset: number; readonly epoch: number }[] = []

  constructor(place: GroupPartition) {
    this.place = place
    this.name = `${place.topicId} ${place.partition}`
  }

  /** True while results of its handlers count. */
  get isOurs(): boolean {
    return this.phase === 'active' || this.phase === 'revoking'
  }

  /** True while nothing new of it is handed to handlers. Once it is to be given up, what waits passes through unhandled. */
  get rests(): boolean {
    return this.paused && this.phase === 'active'
  }

  /**
   * False while the progress fills the commit metadata so far that nothing more is read. With nothing received that waits, it
   * is true: the gaps are not in memory then, and only reading closes them (after a restart it stood still for ever).
   */
  get hasRoom(): boolean {
    const { progress } = this
    if (!progress) return false
    if (progress.pendingCount === 0) return true
    return (
      progress.fullnessAhead(progressBytesMax) < (this.fetchOffset < this.knownTo ? fullnessMaxInGaps : fullnessMax)
    )
  }

  /** Notes under which leader epoch records from `offset` on were read. */
  noteEpoch(fromOffset: number, epoch: number): void {
    this.lastLeaderEpoch = epoch
    if (this.#epochs.at(-1)?.epoch !== epoch) this.#epochs.push({ fromOffset, epoch })
  }

  /** Leader epoch of the record before `position`; -1 when it was read in an earlier life. */
  epochBefore(position: number): number {
    while ((this.#epochs[1]?.fromOffset ?? Number.POSITIVE_INFINITY) < position) this.#epochs.shift()
    const first = this.#epochs[0]
    return first && first.fromOffset < position ? first.epoch : -1
  }

  /** What to commit now; `undefined` when the group has it already or the progress does not fit into the metadata yet. */
  due(): CommittedOffset | undefined {
    const { progress, committed } = this
    if (!progress || !this.isOurs) return undefined
    const text = this.metadataKept === 'nothing' ? '' : progress.metadata(progressBytesMax, this.name)
    if (text === undefined) return undefined
    const offset = progress.position
    // The detector's state alone is no reason: what it does not know yet is read again.
    if (committed && committed.offset === offset && committed.metadata.split(' ', 1)[0] === text) return undefined
    return { ...this.place, offset, leaderEpoch: this.epochBefore(offset), metadata: this.#metadata(text) }
  }

  #metadata(progress: string): string {
    if (progress === '') return ''
    return writeCommitMetadata(progress, this.name, (bytesMax) =>
      this.metadataKept === 'all' ? this.watch?.export(this.name, bytesMax) : undefined,
    )
  }
}
