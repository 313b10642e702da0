import type { Codec } from '../model/codec.js'
import { ReceivedMessage } from '../model/received-message.js'
import type { Finding } from '../model/finding.js'
import type { FetchedRecord } from '../ports/broker.js'
import type { FetchOutcome, FetchPosition } from '../ports/fetcher.js'
import type { ConsumeContext } from './consume-context.js'
import { pauseMs } from './consume-context.js'
import type { Work } from './dispatcher.js'
import type { AssignedPartition } from './partition.js'

/** Bytes a message takes beside its key, value and headers. */
const messageOverheadBytes = 200

/** What the consumer is told by fetching. */
export interface FetchHost {
  /** All of one partition, by offset. */
  add(works: readonly Work[]): void
  /** The end of a read without new work moved the position. */
  moved(partition: AssignedPartition): void
  /** The sequences show a loss, a double or a wrong order; handling goes on. */
  found(finding: Finding): void
  /** Messages of this partition were lost to the group; the finding is recorded, the policy decides. */
  lossFound(partition: AssignedPartition, finding: string, detail: string, resumeAt: number): void
}

/** How often partitions that cannot be read are looked at: most become able by a call of `look`, some by time. */
const lookMs = 20
/** Fetches under way at once. One for each leader is usual; a partition that was full goes by one of its own. */
const fetchesMax = 8

/**
 * Reads all active partitions that can take more, and turns records into work. A partition is asked for again as soon as its
 * own leader has answered: one that waits for records holds up none that has them.
 */
export class FetchLoop<Tx> {
  readonly #context: ConsumeContext<Tx>
  readonly #host: FetchHost
  /** In a fetch that has not answered for them yet. */
  readonly #asked = new Map<AssignedPartition, object>()
  readonly #fetches = new Set<Promise<void>>()
  #looked: () => void = () => {}
  /** At most one: a sleep outlives the round that waited for it. */
  #sleeping: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined
  /** Bytes of all messages that wait or are being handled. */
  bufferedBytes = 0

  constructor(context: ConsumeContext<Tx>, host: FetchHost) {
    this.#context = context
    this.#host = host
  }

  /** Asks for all that can be read now, then waits until that may have changed. Rejects when a fetch failed as a whole. */
  async round(partitions: readonly AssignedPartition[], signal: AbortSignal): Promise<void> {
    const { clock } = this.#context
    const able = partitions.filter((partition) => !this.#asked.has(partition) && this.#able(partition))
    const looked = new Promise<void>((resolve) => {
      this.#looked = resolve
    })
    if (able.length > 0 && this.#fetches.size < fetchesMax) this.#begin(able, signal)
    const isAllAsked = partitions.length > 0 && partitions.every((partition) => this.#asked.has(partition))
    await (isAllAsked ? looked : Promise.race([looked, this.#sleep(signal)]))
    // Other partitions of the same leader, whose answer came with this one, belong into the same request.
    await clock.turn?.()
    const failure = this.#failure
    this.#failure = undefined
    if (failure) throw failure.error
  }

  #sleep(signal: AbortSignal): Promise<void> {
    this.#sleeping ??= this.#context.clock.sleep(lookMs, signal).then(() => {
      this.#sleeping = undefined
    })
    return this.#sleeping
  }

  /** What can be read may have changed. */
  look(): void {
    this.#looked()
  }

  /** Resolves when no fetch is under way; to be called when the signal is aborted. */
  async ended(): Promise<void> {
    await Promise.all(this.#fetches)
  }

  /** Nothing below `offset` can be read any more: reading goes on there, what was read before is kept. */
  passOver(partition: AssignedPartition, offset: number): void {
    partition.watch?.passed(offset)
    partition.progress?.seenTo(offset)
    partition.fetchOffset = Math.max(partition.fetchOffset, offset)
    partition.lastLeaderEpoch = -1
    this.#host.moved(partition)
  }

  /** A message has left the buffer. */
  release(work: Work): void {
    const { batch, bufferBytesMax } = this.#context.settings
    const { partition, bytes } = work
    const wasFull = this.bufferedBytes >= bufferBytesMax
    this.bufferedBytes -= bytes
    partition.waiting--
    if (partition.waiting === batch - 1 || (wasFull && this.bufferedBytes < bufferBytesMax)) this.look()
  }

  #begin(able: readonly AssignedPartition[], signal: AbortSignal): void {
    const asked = new Map<FetchPosition, AssignedPartition>()
    for (const partition of able) {
      const { fetchOffset: offset, lastLeaderEpoch, place } = partition
      const { fetchBytesMax: bytesMax } = this.#context.settings
      asked.set({ ...place, offset, lastLeaderEpoch, bytesMax }, partition)
      this.#asked.set(partition, asked)
    }
    const fetch: Promise<void> = this.#fetch(asked, signal)
      .catch((error: unknown) => {
        this.#failure = { error }
      })
      .finally(() => {
        for (const partition of able) this.#answered(partition, asked)
        this.#fetches.delete(fetch)
        this.look()
      })
    this.#fetches.add(fetch)
  }

  async #fetch(asked: ReadonlyMap<FetchPosition, AssignedPartition>, signal: AbortSignal): Promise<void> {
    const { kafka, settings, failpoints } = this.#context
    await kafka.fetch([...asked.keys()], settings.fetchWaitMs, signal, (position, outcome) => {
      const partition = asked.get(position)
      if (!partition) return
      // The answer of an earlier assignment or position is not looked at: offsets would be received twice.
      if (partition.phase === 'active' && partition.fetchOffset === position.offset) this.#answer(partition, outcome)
      this.#answered(partition, asked)
      this.look()
    })
    await failpoints.hit('fetch:after-answer')
  }

  /** It may be in a later fetch already. */
  #answered(partition: AssignedPartition, asked: object): void {
    if (this.#asked.get(partition) === asked) this.#asked.delete(partition)
  }

  #able(partition: AssignedPartition): boolean {
    const { settings, clock } = this.#context
    return (
      partition.phase === 'active' &&
      !partition.paused &&
      partition.waiting < settings.batch &&
      this.bufferedBytes < settings.bufferBytesMax &&
      partition.fetchNotBeforeMs <= clock.monotonicMs() &&
      partition.hasRoom
    )
  }

  #answer(partition: AssignedPartition, outcome: FetchOutcome): void {
    const { topic, partition: number } = partition.place
    switch (outcome.kind) {
      case 'records':
        return this.#records(partition, outcome)
      case 'out-of-range': {
        const below = partition.fetchOffset < outcome.logStart
        const detail = below
          ? `${topic}/${number}: offsets ${partition.fetchOffset} to ${outcome.logStart - 1} were deleted before this group read them`
          : `${topic}/${number}: the log ends at ${outcome.highWatermark}, below the position ${partition.fetchOffset}`
        const resumeAt = below ? outcome.logStart : outcome.highWatermark
        return this.#host.lossFound(partition, below ? 'retention' : 'truncated', detail, resumeAt)
      }
      case 'diverging': {
        const detail = `${topic}/${number}: what was read from offset ${outcome.endOffset} on has been truncated`
        return this.#host.lossFound(partition, 'truncated', detail, Math.min(outcome.endOffset, partition.fetchOffset))
      }
      case 'corrupt':
        this.#pause(partition, `corrupt batch at offset ${outcome.offset}: ${outcome.cause}`)
        return
      case 'failed':
        this.#pause(partition, outcome.cause)
    }
  }

  #records(partition: AssignedPartition, answer: Extract<FetchOutcome, { kind: 'records' }>): void {
    const { progress } = partition
    if (!progress) return
    partition.fetchFailures = 0
    const codec = this.#context.codecOf(partition.place.topic)
    const works: Work[] = []
    for (const batch of answer.batches) {
      partition.noteEpoch(batch.baseOffset, batch.leaderEpoch)
      for (const finding of partition.watch?.look(batch) ?? []) this.#host.found(finding)
      for (const record of batch.records)
        if (record.offset >= partition.fetchOffset && progress.receive(record.offset, batch.leaderEpoch))
          works.push(this.#workOf(partition, record, batch.leaderEpoch, codec))
    }
    partition.watch?.passed(answer.nextOffset)
    progress.seenTo(answer.nextOffset)
    partition.fetchOffset = Math.max(partition.fetchOffset, answer.nextOffset)
    partition.highWatermark = answer.highWatermark
    this.#host.add(works)
    this.#host.moved(partition)
  }

  #workOf(partition: AssignedPartition, record: FetchedRecord, leaderEpoch: number, codec: Codec): Work {
    const { topic, partition: number } = partition.place
    const { offset, timestampMs, key, value, headers } = record
    // Named one by one: spreading the record took as long as all else that is done for a message here.
    const received = { topic, partition: number, offset, timestampMs, leaderEpoch, key, value, headers }
    const message = new ReceivedMessage(received, codec)
    let bytes = (key?.length ?? 0) + (value?.length ?? 0) + messageOverheadBytes
    for (const [name, content] of headers) bytes += name.length + content.length
    partition.waiting++
    this.bufferedBytes += bytes
    return { partition, message, bytes, attempts: 0 }
  }

  #pause(partition: AssignedPartition, cause: string): void {
    const { clock, log } = this.#context
    partition.fetchFailures++
    partition.fetchNotBeforeMs = clock.monotonicMs() + pauseMs(partition.fetchFailures, this.#context)
    log.warn('a partition could not be read, trying again', { ...partition.place, cause })
  }
}
