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
  add(work: Work): void
  /** The end of a read without new work moved the position. */
  moved(partition: AssignedPartition): void
  /** The sequences show a loss, a double or a wrong order; handling goes on. */
  found(finding: Finding): void
  /** Messages of this partition were lost to the group; the finding is recorded, the policy decides. */
  lossFound(partition: AssignedPartition, finding: string, detail: string, resumeAt: number): void
}

/** Reads all active partitions that can take more, and turns records into work. */
export class FetchLoop<Tx> {
  readonly #context: ConsumeContext<Tx>
  readonly #host: FetchHost
  /** Bytes of all messages that wait or are being handled. */
  bufferedBytes = 0

  constructor(context: ConsumeContext<Tx>, host: FetchHost) {
    this.#context = context
    this.#host = host
  }

  /** One round; false when no partition could be read now. */
  async round(partitions: readonly AssignedPartition[], signal: AbortSignal): Promise<boolean> {
    const { kafka, settings, failpoints } = this.#context
    const able = partitions.filter((partition) => this.#able(partition))
    if (able.length === 0) return false
    const asked = new Map<FetchPosition, AssignedPartition>()
    for (const partition of able) {
      const { fetchOffset: offset, lastLeaderEpoch, place } = partition
      asked.set({ ...place, offset, lastLeaderEpoch, bytesMax: settings.fetchBytesMax }, partition)
    }
    await kafka.fetch([...asked.keys()], settings.fetchWaitMs, signal, (position, outcome) => {
      const partition = asked.get(position)
      // The answer of an earlier assignment or position is not looked at: offsets would be received twice.
      if (partition?.phase === 'active' && partition.fetchOffset === position.offset) this.#answer(partition, outcome)
    })
    await failpoints.hit('fetch:after-answer')
    return true
  }

  /** A message has left the buffer. */
  release(work: Work): void {
    this.bufferedBytes -= work.bytes
    work.partition.waiting--
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
    for (const batch of answer.batches) {
      partition.noteEpoch(batch.baseOffset, batch.leaderEpoch)
      for (const finding of partition.watch?.look(batch) ?? []) this.#host.found(finding)
      for (const record of batch.records)
        if (record.offset >= partition.fetchOffset && progress.receive(record.offset, batch.leaderEpoch))
          this.#add(partition, record, batch.leaderEpoch)
    }
    partition.watch?.passed(answer.nextOffset)
    progress.seenTo(answer.nextOffset)
    partition.fetchOffset = Math.max(partition.fetchOffset, answer.nextOffset)
    this.#host.moved(partition)
  }

  #add(partition: AssignedPartition, record: FetchedRecord, leaderEpoch: number): void {
    const { topic, partition: number } = partition.place
    const message = new ReceivedMessage(
      { ...record, topic, partition: number, leaderEpoch },
      this.#context.codecOf(topic),
    )
    const headers = record.headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0)
    const bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0) + headers + messageOverheadBytes
    partition.waiting++
    this.bufferedBytes += bytes
    this.#host.add({ partition, message, bytes, attempts: 0 })
  }

  #pause(partition: AssignedPartition, cause: string): void {
    const { clock, log } = this.#context
    partition.fetchFailures++
    partition.fetchNotBeforeMs = clock.monotonicMs() + pauseMs(partition.fetchFailures, this.#context)
    log.warn('a partition could not be read, trying again', { ...partition.place, cause })
  }
}
