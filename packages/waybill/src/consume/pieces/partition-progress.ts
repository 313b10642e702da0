import { WaybillError } from '../../model/errors.js'
import { OffsetRuns } from '../../model/offset-runs.js'
import { type KnownProgress, parseMetadata, Progress } from '../../model/progress.js'
import { readCommitMetadata } from '../../model/commit-metadata.js'
import { knownProgress } from '../../model/progress-metadata.js'

/** A partition as the client names it. */
export interface PartitionPlace {
  readonly topic: string
  readonly partition: number
  /**
   * Where the client knows it. The progress is then bound to it, so that it is not taken for that of a topic of the same name
   * that was created later; and `waybill.consume` goes on where this consumer ended, and the other way round.
   */
  readonly topicId?: string
}

/** What the group holds for a partition; without a commit: the offset to begin with, usually the log's start. */
export interface CommittedPosition {
  readonly offset: number
  readonly metadata?: string | null | undefined
}

/** How an assignment is followed. */
export interface AssignmentOptions {
  /**
   * What to do with records that the metadata names as handled when the client does not tell their leader epochs. `false`
   * (default): they are handled again, because an unclean election may have put other records there. `true`: skipped.
   */
  readonly trustLog?: boolean
  /** The brokers' `offset.metadata.max.bytes`; 4096 by default. */
  readonly metadataBytesMax?: number
}

/** What is to be committed: everything below `offset` is handled, and `metadata` names what is handled above it. */
export interface DueCommit {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly metadata: string
}

/** One record on its way to its handler. */
export interface Delivery {
  readonly offset: number
  /** The record is handled. False when that no longer counts: its assignment has ended, or it was said before. */
  handled(): boolean
  /** It is not handled, and will be when the client delivers it again. Without this a second delivery is skipped. */
  failed(): void
}

/** Fetching pauses at this share of the metadata: what is buffered still adds to it. */
const fullAt = 0.75

/**
 * What of one partition is handled, during one assignment. It ends with the assignment, and what its handlers say after that
 * counts nowhere: not for a later assignment either, also when the same partition comes back and the same offset is read again.
 *
 * The client must be made to read from `position` on (seek) when the assignment begins, and everything it then receives is to be
 * shown to `received`, in order: an offset that it passed over is taken for one that holds no record (a transaction marker, an
 * aborted or a compacted record), for ever.
 */
export class PartitionProgress {
  readonly place: PartitionPlace
  readonly #name: string
  readonly #metadataBytesMax: number
  readonly #trustLog: boolean
  readonly #progress: Progress
  readonly #start: number
  readonly #pending = new Map<number, Delivery>()
  readonly #failed = new Set<number>()
  readonly #ended = new AbortController()
  /** Handled before this assignment, as the metadata says; each is looked at again when its record comes. */
  #known: KnownProgress | undefined
  #knownOffsets: OffsetRuns | undefined
  #firstReceived: number | undefined
  #committed: { readonly offset: number; readonly metadata: string } | undefined

  constructor(place: PartitionPlace, committed: CommittedPosition, options: AssignmentOptions = {}) {
    const { topic, topicId, partition } = place
    this.place = place
    this.#name = `${topicId ?? topic} ${partition}`
    this.#metadataBytesMax = options.metadataBytesMax ?? 4096
    this.#trustLog = options.trustLog ?? false
    const { offset } = committed
    if (!Number.isSafeInteger(offset) || offset < 0)
      throw new WaybillError(
        'WB_OPTION_INVALID',
        `${topic}/${partition} cannot begin at offset ${offset}: without a commit give the log's start`,
      )
    this.#start = offset
    this.#progress = new Progress(offset)
    const metadata = committed.metadata ?? ''
    // Not ours, of another offset or partition, or damaged: nothing is known, and all from `offset` on is handled (again).
    this.#know(parseMetadata(readCommitMetadata(metadata, this.#name).progress, offset, this.#name))
    this.#committed = { offset, metadata }
  }

  /** The lowest offset that is not known to be handled: where the client is to read on when the assignment begins. */
  get position(): number {
    return this.#progress.position
  }

  /** Records that were received and are not handled yet. */
  get pendingCount(): number {
    return this.#progress.pendingCount
  }

  /** True when the client should pause this partition: what is handled out of order has nearly filled the commit's metadata. */
  get isFull(): boolean {
    return this.#progress.fullness(this.#metadataBytesMax) >= fullAt
  }

  /** Aborted when the assignment has ended: what a handler does after that another consumer may do, too. */
  get signal(): AbortSignal {
    return this.#ended.signal
  }

  /**
   * A record was received. `undefined`: leave it, it is handled, or being handled. `leaderEpoch`: its batch's, where the client
   * tells it; see `trustLog`.
   *
   * Errors: WB_LOSS_FOUND when the log must have been cut and written again, or the client did not begin at `position`;
   * WB_NOT_ASSIGNED after the end.
   */
  received(offset: number, leaderEpoch = -1): Delivery | undefined {
    this.#mustBeOurs()
    if (offset < this.#progress.horizon) return this.#again(offset, leaderEpoch)
    this.#firstReceived ??= offset
    const isDone = this.#isKnown(offset, leaderEpoch)
    this.#progress.receive(offset, leaderEpoch)
    if (!isDone) return this.#deliver(offset)
    this.#progress.handled(offset)
    return undefined
  }

  /** The client has read everything below `offset`; what was not received there holds no record. */
  passed(offset: number): void {
    this.#mustBeOurs()
    this.#progress.seenTo(offset)
  }

  /** What to commit now; `undefined` when the group has it, the assignment has ended, or it does not fit (see `isFull`). */
  due(): DueCommit | undefined {
    if (this.#ended.signal.aborted) return undefined
    const offset = this.#progress.position
    const metadata = this.#all().metadata(this.#metadataBytesMax, this.#name)
    const isNews = offset !== this.#committed?.offset || metadata !== this.#committed.metadata
    const { topic, partition } = this.place
    return isNews && metadata !== undefined ? { topic, partition, offset, metadata } : undefined
  }

  /** The group has taken this commit. */
  committed({ offset, metadata }: Pick<DueCommit, 'offset' | 'metadata'>): void {
    this.#committed = { offset, metadata }
  }

  /** The partition is no longer ours. Safe twice. */
  end(): void {
    this.#ended.abort()
  }

  #mustBeOurs(): void {
    if (!this.#ended.signal.aborted) return
    const { topic, partition } = this.place
    throw new WaybillError('WB_NOT_ASSIGNED', `the assignment of ${topic}/${partition} has ended; begin a new one`)
  }

  #deliver(offset: number): Delivery {
    const delivery: Delivery = {
      offset,
      handled: () => {
        if (this.#ended.signal.aborted || this.#pending.get(offset) !== delivery) return false
        this.#pending.delete(offset)
        this.#failed.delete(offset)
        this.#progress.handled(offset)
        return true
      },
      failed: () => {
        if (this.#pending.get(offset) === delivery) this.#failed.add(offset)
      },
    }
    this.#pending.set(offset, delivery)
    return delivery
  }

  /** An offset below the horizon: a client that reads on where it failed, or a log that is not the one we have read. */
  #again(offset: number, leaderEpoch: number): Delivery | undefined {
    const wasRewritten = leaderEpoch > this.#progress.leaderEpoch && this.#progress.leaderEpoch >= 0
    const wasPassedOver = offset >= this.#start && offset < (this.#firstReceived ?? this.#progress.horizon)
    if (wasRewritten || wasPassedOver) throw this.#otherLog(offset, wasRewritten)
    return this.#failed.delete(offset) ? this.#deliver(offset) : undefined
  }

  #otherLog(offset: number, wasRewritten: boolean): WaybillError {
    const { topic, partition } = this.place
    const place = `${topic}/${partition} offset ${offset}`
    const text = wasRewritten
      ? `${place} holds another record than before: the log was cut below it and written again`
      : `${place} was taken for empty because the first record received lay above it: make the client read from position (seek) when the assignment begins`
    return new WaybillError('WB_LOSS_FOUND', text, { facts: { topic, partition, offset } })
  }

  /**
   * The writer of the metadata had seen all records up to `known.leaderEpoch`. A leader that cuts the log has a later epoch, so a
   * record of that epoch or an earlier one is the one that was handled, and a later one is not.
   */
  #isKnown(offset: number, leaderEpoch: number): boolean {
    const { runs, leaderEpoch: writersEpoch } = this.#known ?? { runs: [], leaderEpoch: -1 }
    const end = runs.at(-1)?.[1] ?? 0
    if (offset >= end) return false
    const cannotTell = leaderEpoch < 0 || writersEpoch < 0
    if (cannotTell ? !this.#trustLog : leaderEpoch > writersEpoch) this.#know(undefined)
    return this.#knownOffsets?.has(offset) ?? false
  }

  #know(known: KnownProgress | undefined): void {
    this.#known = known
    this.#knownOffsets = known && new OffsetRuns(this.#start)
    for (const [from, to] of known?.runs ?? []) this.#knownOffsets?.add(from, to)
  }

  /** The progress with what is known and was not received yet: a commit in between must not forget it. */
  #all(): Progress {
    const { horizon, position, leaderEpoch } = this.#progress
    const ahead = (this.#known?.runs ?? []).filter(([, to]) => to > horizon)
    if (ahead.length === 0) return this.#progress
    // The position itself is open by definition, though the metadata may know better: it is handled again if we end here.
    const rest = ahead
      .map(([from, to]): [number, number] => [Math.max(from, horizon, position + 1), to])
      .filter(([from, to]) => from < to)
    const epoch = Math.max(leaderEpoch, this.#known?.leaderEpoch ?? -1)
    return new Progress(position, knownProgress([...this.#progress.handledAbove().runs, ...rest], epoch))
  }
}
