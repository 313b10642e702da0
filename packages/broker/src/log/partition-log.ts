import type { AppendRejection, AppendResult, LogConfig } from './log-config.js'
import { type LogFiles, nodeFiles } from './log-files.js'
import { losePower } from './power-loss.js'
import type { ActiveProducer } from './producer-state.js'
import { HEADER_BYTES, RecordBatch } from './record-batch.js'
import { type RecoveredLog, type RecoveryReport, recoverLog } from './recovery.js'
import { Segment } from './segment.js'
import { type StampedOffset, searchMaxTimestamp, searchTimestamp } from './timestamp-search.js'
import { ERROR, type ValidBatch, reject, validateBatch } from './validation.js'

export type { AppendResult, LogConfig } from './log-config.js'
export type { ActiveProducer } from './producer-state.js'
export type { RecoveryReport } from './recovery.js'
export type { StampedOffset } from './timestamp-search.js'

/** Kafka indexes a segment by 32-bit offsets relative to its base (LogSegment.canConvertToRelativeOffset). */
const RELATIVE_OFFSET_MAX = 0x7fffffff

/** What a read found: whole batches (none at the log's end), or an offset that the log does not hold. */
export type ReadResult = { kind: 'ok'; bytes: Buffer } | { kind: 'out-of-range' }

/**
 * One partition's log on disk, as the leader writes it (Kafka: UnifiedLog). Every method is synchronous, so every call is
 * one step that no other call can interleave with.
 *
 * Durability is modelled, not hidden: `append` writes to the file, which puts the bytes into the page cache. They survive
 * this process (`abandon`), but not the machine (`dropUnflushed`, `losePower`), until they are flushed: by
 * `flush.messages`, by `flush.ms` when the broker's scheduler calls `flushIfDue`, by the roll of a segment, and by `close`.
 *
 * States: *open* → *offline* when the disk refused to cut back a half-written batch or to sync (appends are refused with
 * KAFKA_STORAGE_ERROR, reads go on; a reopened log is well again) → *closed* by `close`, `abandon` or `dropUnflushed`,
 * after which every call throws.
 *
 * Transactional batches are refused for now with INVALID_TXN_STATE; control batches always (clients may not write them).
 */
export class PartitionLog {
  /** What opening found: clean or not, how much was cut off. */
  readonly recovered: RecoveryReport
  readonly #parts: RecoveredLog
  readonly #files: LogFiles
  readonly #config: () => LogConfig
  readonly #now: () => number
  #active: Segment
  #startOffset: number
  #lastFlushMs: number
  #lastAppendMs: number
  #offline: Error | undefined
  #closed = false

  private constructor(parts: RecoveredLog, files: LogFiles, config: () => LogConfig, now: () => number) {
    const active = parts.segments.at(-1)
    if (active === undefined) throw new Error('bug: a log has at least one segment')
    this.#parts = parts
    this.#files = files
    this.#config = config
    this.#now = now
    this.#active = active
    this.#startOffset = parts.startOffset
    this.#lastFlushMs = now()
    this.#lastAppendMs = now()
    this.recovered = parts.report
  }

  /**
   * Opens (or creates) the log in `dir`, which belongs to this log alone. Recovers first: see `recoverLog`. `config` is
   * asked before each use; `now` is the broker's clock in ms since 1970. Throws what the file system throws.
   */
  static async open(
    dir: string,
    config: () => LogConfig,
    now: () => number,
    files: LogFiles = nodeFiles,
  ): Promise<PartitionLog> {
    return new PartitionLog(recoverLog(files, dir, config(), now()), files, config, now)
  }

  /** The first offset that may be read. */
  get startOffset(): number {
    return this.#startOffset
  }
  /** The offset the next record gets. */
  get endOffset(): number {
    return this.#active.endOffset
  }
  /** One replica: everything appended is committed at once, so this is the end offset. */
  get highWatermark(): number {
    return this.#active.endOffset
  }
  /** The first offset that a power loss could take. */
  get flushedOffset(): number {
    return this.#parts.mark.point.offset
  }
  /** Bytes of all segments. */
  get sizeBytes(): number {
    return this.#parts.segments.reduce((sum, segment) => sum + segment.size, 0)
  }

  /**
   * Appends exactly one v2 batch as the leader of `leaderEpoch`, or says why not; the given bytes are not changed. Order
   * of checks: everything about the batch itself, then duplicates and sequences (UnifiedLog.append). A write error leaves
   * the log as it was and answers KAFKA_STORAGE_ERROR.
   */
  append(bytes: Uint8Array, leaderEpoch: number): AppendResult {
    this.#assertOpen()
    const config = this.#config()
    const nowMs = this.#now()
    if (this.#offline !== undefined) return storageError('the partition is offline until it is reopened', this.#offline)
    const valid = validateBatch(bytes, config, nowMs)
    if (valid.kind === 'rejected') return valid
    const { batch, maxTimestamp } = valid
    const known = batch.hasProducerId ? this.#checkProducer(batch) : undefined
    if (known !== undefined) return known
    if (batch.isTransactional) {
      return reject(
        ERROR.invalidTxnState,
        'this broker does not support transactions yet: send without transactional.id',
      )
    }
    const header = stampedHeader(valid, this.endOffset, leaderEpoch, config)
    const { baseOffset, lastOffset } = header
    if (!Number.isSafeInteger(lastOffset + 1))
      throw new Error(`offset ${lastOffset} is beyond what this broker can count`)
    const failure = this.#write(header, batch.recordBytes, config)
    if (failure !== undefined) return failure
    if (batch.hasProducerId) this.#parts.producers.record(batch, baseOffset, maxTimestamp)
    if (lastOffset + 1 - this.flushedOffset >= config.flushMessages) {
      const unflushed = this.#tryFlush()
      if (unflushed !== undefined) return unflushed
    }
    const appendTimeMs = config.timestampType === 'LogAppendTime' ? nowMs : -1
    return { kind: 'appended', baseOffset, lastOffset, appendTimeMs, logStartOffset: this.#startOffset }
  }

  /**
   * Whole batches from the one that holds `fromOffset` on, at most `maxBytes` and from one segment only, as Kafka. The
   * first batch may begin before `fromOffset`. With `atLeastOne` (default) the first batch comes even when it is larger
   * than `maxBytes`, so that a reader cannot get stuck.
   */
  read(fromOffset: number, maxBytes: number, atLeastOne = true): ReadResult {
    this.#assertOpen()
    if (fromOffset < this.#startOffset || fromOffset > this.endOffset) return { kind: 'out-of-range' }
    const { segments } = this.#parts
    for (let i = this.#segmentIndex(fromOffset); i < segments.length; i++) {
      const bytes = segments[i]?.read(fromOffset, maxBytes, atLeastOne)
      if (bytes !== undefined) return { kind: 'ok', bytes }
    }
    return { kind: 'ok', bytes: Buffer.alloc(0) }
  }

  /** The first record at or after the log start whose timestamp is at least `ms` (ListOffsets by time). */
  offsetForTimestamp(ms: number): StampedOffset | undefined {
    this.#assertOpen()
    return searchTimestamp(this.#parts.segments, ms, this.#startOffset)
  }

  /** The first record with the largest timestamp (ListOffsets -3, KIP-734); undefined when the log is empty. */
  maxTimestamp(): StampedOffset | undefined {
    this.#assertOpen()
    return searchMaxTimestamp(this.#parts.segments)
  }

  /** KIP-101: where `epoch` ends, for OffsetForLeaderEpoch; -1/-1 when unknown. */
  endOffsetForEpoch(epoch: number): { leaderEpoch: number; endOffset: number } {
    this.#assertOpen()
    return this.#parts.epochs.endOffsetFor(epoch, this.endOffset)
  }

  /** A leader calls this when it takes over: its epoch begins at the log's end, even before its first record. */
  beginLeaderEpoch(epoch: number): void {
    this.#assertOpen()
    this.#assignEpoch(epoch)
  }

  /** What the partition remembers of idempotent producers (DescribeProducers). */
  producers(): ActiveProducer[] {
    this.#assertOpen()
    return this.#parts.producers.active()
  }

  /** Forgets producers by the timestamp of their last batch. Kafka: every `producer.id.expiration.check.interval.ms`. */
  expireProducers(): void {
    this.#assertOpen()
    this.#parts.producers.expire(this.#now(), this.#config().producerIdExpirationMs)
  }

  /**
   * Moves the log start up to `beforeOffset` and returns the new log start, which is durable then; a lower offset than the
   * present start changes nothing. Throws a RangeError above the high watermark: the API answers OFFSET_OUT_OF_RANGE. Segments
   * are deleted by the next `enforceRetention`; producer state stays until restart or expiry (measured).
   */
  deleteRecords(beforeOffset: number): number {
    this.#assertOpen()
    if (!Number.isSafeInteger(beforeOffset) || beforeOffset > this.highWatermark) {
      throw new RangeError(`cannot delete before offset ${beforeOffset}: the high watermark is ${this.highWatermark}`)
    }
    if (beforeOffset > this.#startOffset) this.#moveStart(beforeOffset)
    return this.#startOffset
  }

  /** Deletes whole segments: below the log start always; by age and size unless the topic is compacted (deleteOldSegments). */
  enforceRetention(): void {
    this.#assertOpen()
    const { compacted, retentionMs, retentionBytes } = this.#config()
    this.#deleteOldest((_segment, next) => next !== undefined && next.baseOffset <= this.#startOffset)
    if (compacted) return
    if (retentionMs >= 0) {
      const nowMs = this.#now()
      this.#deleteOldest((segment) => nowMs - this.#largestTimestamp(segment) > retentionMs)
    }
    if (retentionBytes >= 0) {
      let excess = this.sizeBytes - retentionBytes
      this.#deleteOldest((segment) => {
        if (excess < segment.size) return false
        excess -= segment.size
        return true
      })
    }
  }

  /** Makes everything appended durable. Throws when the disk refuses, and the partition is offline then. */
  flush(): void {
    this.#assertOpen()
    const failure = this.#tryFlush()
    if (failure !== undefined) throw new Error(failure.message, { cause: this.#offline })
  }

  /** For the broker's scheduler: flushes when the last flush is `flush.ms` old (LogManager.flushDirtyLogs). */
  flushIfDue(): void {
    if (this.flushedOffset < this.endOffset && this.#now() - this.#lastFlushMs >= this.#config().flushMs) this.flush()
  }

  /** Power loss: cuts the files back to what is flushed. This instance cannot be used any more. */
  dropUnflushed(): void {
    this.abandon()
    losePower(this.#parts.directory.path, this.#files)
  }

  /** Process crash: nothing is flushed, no snapshot, no clean marker. This instance cannot be used any more. */
  abandon(): void {
    this.#assertOpen()
    this.#closed = true
    for (const segment of this.#parts.segments) segment.close()
    this.#parts.mark.close()
  }

  /** Clean stop: flushes, writes the producer snapshot and the clean marker. Safe to call twice. */
  close(): void {
    if (this.#closed) return
    // What an offline log holds is not sure to be on the disk, so it must not be called clean.
    if (this.#offline !== undefined) return this.abandon()
    const { directory, producers } = this.#parts
    try {
      this.flush()
      directory.writeSnapshot(this.endOffset, producers.snapshot())
      directory.writeCleanEnd(this.endOffset)
    } finally {
      this.abandon()
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new Error('this partition log is closed: open it again with PartitionLog.open')
  }

  /** The answer that the producer's history alone decides. */
  #checkProducer(batch: RecordBatch): AppendResult | undefined {
    const kept = this.#parts.producers.duplicateOf(batch)
    if (kept !== undefined) {
      const { lastOffset, offsetDelta, timestamp } = kept
      const baseOffset = lastOffset - offsetDelta
      return { kind: 'duplicate', baseOffset, lastOffset, appendTimeMs: timestamp, logStartOffset: this.#startOffset }
    }
    const problem = this.#parts.producers.problemWith(batch)
    return problem === undefined ? undefined : reject(problem.errorCode, problem.message)
  }

  /** Puts the batch on the end of the log, rolling first when the segment is full; on failure the log is as before. */
  #write(header: RecordBatch, records: Uint8Array, config: LogConfig): AppendRejection | undefined {
    const { size, baseOffset } = this.#active
    const isFull = size > 0 && size + header.sizeBytes > config.segmentBytes
    try {
      if (isFull || header.lastOffset - baseOffset > RELATIVE_OFFSET_MAX) this.#roll()
      this.#assignEpoch(header.leaderEpoch)
      this.#active.append({ header, records })
    } catch (error) {
      // Remains of a half-written batch lie behind the end: a later shorter batch must not be put over them.
      if (error instanceof AggregateError) this.#offline = error
      return storageError('the batch could not be written, nothing of it is in the log', error)
    }
    this.#lastAppendMs = this.#now()
    return undefined
  }

  /** UnifiedLog.roll: the finished segment is flushed (Kafka does it a moment later) and the producers are noted down. */
  #roll(): void {
    const { directory, producers, segments, mark } = this.#parts
    this.#sync()
    const baseOffset = this.endOffset
    directory.writeSnapshot(baseOffset, producers.snapshot())
    const segment = Segment.open(this.#files, directory.path, baseOffset)
    this.#files.syncDir(directory.path)
    mark.set({ segment: baseOffset, bytes: 0, offset: baseOffset })
    segments.push(segment)
    this.#active = segment
  }

  #tryFlush(): AppendRejection | undefined {
    try {
      if (this.#offline !== undefined) throw this.#offline
      this.#sync()
      return undefined
    } catch (error) {
      return storageError('appended records could not be flushed; the partition is offline until it is reopened', error)
    }
  }

  /** After a failed sync the kernel may have thrown the dirty pages away, so a second try that succeeds proves nothing. */
  #sync(): void {
    const { segments, mark } = this.#parts
    try {
      for (const segment of segments) if (segment.baseOffset >= mark.point.segment) segment.sync()
      mark.set({ segment: this.#active.baseOffset, bytes: this.#active.size, offset: this.endOffset })
    } catch (error) {
      this.#offline = error instanceof Error ? error : new Error(String(error))
      throw error
    }
    this.#lastFlushMs = this.#now()
  }

  #assignEpoch(epoch: number): void {
    const { epochs, directory } = this.#parts
    if (epochs.assign(epoch, this.endOffset)) directory.writeEpochs(epochs.entries())
  }

  /** The start is durable before any file goes: a crash in between leaves files too many, never a start too low. */
  #moveStart(offset: number): void {
    const { epochs, directory } = this.#parts
    directory.writeLogStart(offset)
    this.#startOffset = offset
    if (epochs.truncateFromStart(offset)) directory.writeEpochs(epochs.entries())
  }

  /** Deletes from the oldest on while `which` holds; the active segment only when it has records, after rolling. */
  #deleteOldest(which: (segment: Segment, next: Segment | undefined) => boolean): void {
    const { segments, directory } = this.#parts
    let count = 0
    for (const [i, segment] of segments.entries()) {
      if (!which(segment, segments[i + 1]) || (segment === this.#active && segment.size === 0)) break
      count++
    }
    if (count === 0) return
    if (count === segments.length) this.#roll()
    const first = segments[count]?.baseOffset ?? this.endOffset
    if (first > this.#startOffset) this.#moveStart(first)
    for (const segment of segments.splice(0, count)) {
      segment.close()
      directory.removeSegment(segment.baseOffset)
      directory.removeSnapshots((offset) => offset === segment.baseOffset)
    }
    this.#files.syncDir(directory.path)
  }

  /** Records without a timestamp age from the last append: too late rather than too early (Kafka: the file's mtime). */
  #largestTimestamp(segment: Segment): number {
    return segment.maxTimestamp >= 0 ? segment.maxTimestamp : this.#lastAppendMs
  }

  #segmentIndex(offset: number): number {
    const index = this.#parts.segments.findLastIndex((segment) => segment.baseOffset <= offset)
    return Math.max(index, 0)
  }
}

function storageError(what: string, cause: unknown): AppendRejection {
  return reject(ERROR.kafkaStorageError, `${what}: ${cause instanceof Error ? cause.message : String(cause)}`)
}

/** A copy of the batch's header as the leader stores it; the CRC is recomputed only when something inside it changed. */
function stampedHeader(
  { batch, maxTimestamp }: ValidBatch,
  baseOffset: number,
  leaderEpoch: number,
  config: LogConfig,
): RecordBatch {
  const header = new RecordBatch(Buffer.from(batch.bytes.subarray(0, HEADER_BYTES)))
  header.setBaseOffset(baseOffset)
  header.setLeaderEpoch(leaderEpoch)
  if (header.setMaxTimestamp(config.timestampType, maxTimestamp)) header.rewriteCrc(batch.recordBytes)
  return header
}
