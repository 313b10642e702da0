import { causeText, WaybillError } from '../model/errors.js'
import type { Broker, RecordData } from '../ports/broker.js'
import type { Clock } from '../ports/clock.js'
import type { Groups } from '../ports/group.js'
import { type DeadLetter, headersBack, type LetterPlace, letterOf, redriveText } from './dead-letter.js'
import type { Intent, RedriveMemory } from './redrive-memory.js'
import { RedriveLock } from './redrive-lock.js'
import { memoryOf, type RedrivePlan, targetOf } from './redrive-plan.js'
import { type Receipt, RedriveSender } from './redrive-sender.js'

/** What a redrive takes from outside. */
export interface RedrivePorts {
  readonly kafka: Groups & Pick<Broker, 'describeTopic' | 'offsets' | 'read' | 'initProducerId' | 'produce'>
  readonly clock: Clock
}

/** What to do with a letter of an earlier run of which nobody can say any more whether it was sent back. */
export type Unclear = 'stop' | 'sent' | 'again'

/**
 * What became of a letter.
 * - `sent`: acknowledged with acks=all, or found in its topic where an earlier run had put it.
 * - `refused`: not sent, for certain; it stays.
 * - `open`: nobody knows yet; the next run finds out before it sends anything.
 */
export type LetterEnd = { readonly at: LetterPlace } & (
  | { readonly kind: 'sent'; readonly to: Receipt; readonly byEarlierRun: boolean }
  | { readonly kind: 'refused' | 'open'; readonly cause: string }
)

/** What a run did. */
export interface Redriven {
  readonly ends: readonly LetterEnd[]
  /** Why it ended early. */
  readonly stopped: string | undefined
}

/**
 * Sends the planned letters back, one at a time per partition: intent → commit → send → receipt → the next commit. The intent names
 * producer id and sequence, so that whoever finds it (this process was killed) repeats the very same batch, which the broker
 * knows, after it has looked for the copy in the topic. States of a letter: untouched → intended → sent; intended → untouched
 * only by a definite refusal. Rejects when the lock cannot be had.
 */
export async function redrive(
  ports: RedrivePorts,
  plan: RedrivePlan,
  { unclear, signal }: { readonly unclear: Unclear; readonly signal: AbortSignal },
): Promise<Redriven> {
  const lock = await RedriveLock.take(ports.kafka, ports.clock, plan.view, plan.group)
  const run = new Run(ports, plan, lock, unclear, signal)
  try {
    await run.all()
    return { ends: run.ends, stopped: signal.aborted ? 'it was interrupted' : undefined }
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error
    return { ends: run.ends, stopped: causeText(error) }
  } finally {
    await lock.release()
  }
}

class Run {
  readonly ends: LetterEnd[] = []
  readonly #ports: RedrivePorts
  readonly #plan: RedrivePlan
  readonly #lock: RedriveLock
  readonly #unclear: Unclear
  readonly #signal: AbortSignal
  readonly #sender: RedriveSender

  constructor(ports: RedrivePorts, plan: RedrivePlan, lock: RedriveLock, unclear: Unclear, signal: AbortSignal) {
    this.#ports = ports
    this.#plan = plan
    this.#lock = lock
    this.#unclear = unclear
    this.#signal = signal
    this.#sender = new RedriveSender(ports.kafka, ports.clock)
  }

  async all(): Promise<void> {
    const { view, chosen } = this.#plan
    for (const { partition } of view.partitions) {
      const letters = chosen.filter(({ letter }) => letter.at.partition === partition)
      if (this.#isStopped()) return
      const committed = await this.#lock.committed(partition)
      const { logStart } = await this.#ports.kafka.offsets(view.topic, partition)
      const memory = memoryOf(committed, view, partition, logStart, this.#plan.group)
      if (memory.intent && !(await this.#settle(partition, memory, memory.intent))) continue
      if (letters.length === 0) continue
      for (const { letter } of letters) {
        if (this.#isStopped()) break
        // Sent back by a run between plan and lock.
        if (memory.has(letter.at.offset)) continue
        const end = await this.#one(memory, letter)
        this.ends.push(end)
        if (end.kind === 'open') break
      }
      await this.#write(partition, memory)
    }
  }

  /** A call, because it changes while we wait. */
  #isStopped(): boolean {
    return this.#signal.aborted
  }

  async #one(memory: RedriveMemory, { at, origin, key }: DeadLetter): Promise<LetterEnd> {
    const target = targetOf({ origin, key }, await this.#ports.kafka.describeTopic(origin.topic))
    if ('cause' in target) return { at, kind: 'refused', cause: target.cause }
    const record = await this.#copyOf(at)
    if (!record) return { at, kind: 'refused', cause: 'the letter is not there any more' }
    const intent = { letter: at.offset, ...(await this.#sender.intend(target)) }
    memory.intent = intent
    await this.#write(at.partition, memory)
    // A process that was stopped meanwhile: another run may have settled this letter already.
    if (this.#lock.isLost) return { at, kind: 'open', cause: 'another run took over' }
    return this.#send(memory, at, intent, record)
  }

  async #send(memory: RedriveMemory, at: LetterPlace, intent: Intent, record: RecordData): Promise<LetterEnd> {
    const end = await this.#sender.send(intent, record)
    if (end.kind === 'sent') {
      memory.sent(at.offset)
      return { at, kind: 'sent', to: end.to, byEarlierRun: false }
    }
    if (end.kind === 'refused') memory.intent = undefined
    return { at, kind: end.kind, cause: end.cause }
  }

  /** True when it is known what became of the letter, and written down. */
  async #settle(partition: number, memory: RedriveMemory, intent: Intent): Promise<boolean> {
    const at = { partition, offset: intent.letter }
    const found = await this.#sender.find(intent, `${this.#plan.view.topic}/${partition}/${intent.letter}/`)
    if (found.kind === 'found') {
      memory.sent(intent.letter)
      this.ends.push({ at, kind: 'sent', to: found.to, byEarlierRun: true })
    } else if (found.kind === 'unknown' && this.#unclear === 'stop') {
      this.ends.push({ at, kind: 'open', cause: `${found.cause}; decide with --unclear sent or --unclear again` })
      return false
    } else if (found.kind === 'unknown' && this.#unclear === 'sent') memory.sent(intent.letter)
    else if (found.kind === 'unknown' || found.isElsewhere) memory.intent = undefined
    else {
      // Not there; but a request of the former run may still be on its way: the same batch again is no second record.
      const record = await this.#copyOf(at)
      const end: LetterEnd = record
        ? await this.#send(memory, at, intent, record)
        : { at, kind: 'refused', cause: 'the letter is not there any more' }
      if (!record) memory.intent = undefined
      this.ends.push(end)
      if (end.kind === 'open') return false
    }
    await this.#write(partition, memory)
    return true
  }

  /** The letter as the message that it was. Read again: a plan keeps no values. */
  async #copyOf(at: LetterPlace): Promise<RecordData | undefined> {
    const { topic } = this.#plan.view
    for await (const batch of this.#ports.kafka.read(topic, at.partition, at.offset, at.offset + 1))
      for (const record of batch.records) {
        const letter = record.offset === at.offset ? letterOf(record, at.partition) : undefined
        if (!letter) continue
        const { key, value, headers } = record
        return { key, value, headers: headersBack(headers, redriveText(topic, letter)) }
      }
    return undefined
  }

  #write(partition: number, memory: RedriveMemory): Promise<void> {
    const text = memory.metadata()
    if (text !== undefined) return this.#lock.commit(partition, memory.position, text)
    const { topic } = this.#plan.view
    const cause = `${topic}/${partition}: so many letters above offset ${memory.position} are sent back one by one that a commit cannot hold them`
    throw new WaybillError('WB_KAFKA_REFUSED', `${cause}; send back the oldest first, beginning at that offset`, {
      facts: { kafka: 'OFFSET_METADATA_TOO_LARGE', topic, partition },
    })
  }
}
