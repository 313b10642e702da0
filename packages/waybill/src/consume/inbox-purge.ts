import { causeText, WaybillError } from '../model/errors.js'
import type { InboxStore } from '../ports/inbox-store.js'
import type { ConsumeContext } from './consume-context.js'

/** A consumer that has just started has better things to do. */
const firstMs = 5 * 60_000
const everyMs = 3_600_000
/** Until the next try after a failed one. */
const againMs = 5 * 60_000
/** Entries of one transaction: on SQLite handlers wait for its end. */
const batchEntries = 1_000
/** A round that is not through by then goes on in the next one. */
const roundMsMax = 10 * 60_000
const callMsMax = 30_000
const restMsMin = 50

/**
 * Purges the group's inbox on a slow clock: first after 5 minutes, then hourly, in batches with rests between them that are
 * no shorter than the batches. An entry goes when it is older than `keepInboxMs` **and** than the longest time for which any
 * topic of this consumer may keep a record: a record that can still be read must be known. So nothing is purged while a
 * topic's retention cannot be read, or is unlimited. One member of the group does it, the owner of partition 0 of the first
 * topic by name: two that delete the same rows would wait for each other.
 *
 * What fails is logged and tried again; the consumer goes on in any case.
 */
export class InboxPurge<Tx> {
  readonly #context: ConsumeContext<Tx>
  readonly #isOwner: () => boolean
  /** The last reason for not purging, so that each is told once. */
  #told = ''
  /** A call that did not end in time and may still be at work. */
  #isCallOpen = false

  /** `isOwner`: whether this member does it now. */
  constructor(context: ConsumeContext<Tx>, isOwner: () => boolean) {
    this.#context = context
    this.#isOwner = isOwner
  }

  /** Runs until `signal` aborts; a call under way is then left alone. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, group, inbox, log } = this.#context
    if (!inbox) return
    const isOver = (): boolean => signal.aborted
    await clock.sleep(firstMs, signal)
    while (!signal.aborted) {
      let nextMs = everyMs
      try {
        if (this.#isOwner()) await this.#round(inbox.store, signal)
      } catch (error) {
        if (isOver()) return
        nextMs = againMs
        log.warn('the inbox could not be purged, trying again', { group, cause: causeText(error) })
      }
      await clock.sleep(nextMs, signal)
    }
  }

  async #round(store: InboxStore, signal: AbortSignal): Promise<void> {
    const { clock, group, log } = this.#context
    const olderThanMs = await this.#call('the retention of the topics', signal, () => this.#olderThanMs())
    if (olderThanMs === undefined) return
    const until = clock.monotonicMs() + roundMsMax
    let purged = 0
    while (!signal.aborted && clock.monotonicMs() < until) {
      const beganMs = clock.monotonicMs()
      const count = await this.#call('the purge of the inbox', signal, () =>
        store.purge(group, olderThanMs, batchEntries),
      )
      purged += count
      if (count < batchEntries) break
      await clock.sleep(Math.max(restMsMin, clock.monotonicMs() - beganMs), signal)
    }
    if (purged > 0) log.info('old entries of the inbox were purged', { group, purged, olderThanMs })
  }

  /** Age from which an entry may go; `undefined`: none may. */
  async #olderThanMs(): Promise<number | undefined> {
    const { kafka, settings, topics } = this.#context
    let keepMs = Math.ceil(settings.keepInboxMs)
    for (const topic of topics) {
      const keptMs = (await kafka.describeTopic(topic, { fresh: true }))?.keptMs
      if (keptMs === undefined)
        return this.#never(`the retention of topic ${topic} cannot be read; grant DESCRIBE_CONFIGS on the topic`)
      if (keptMs < 0) return this.#never(`topic ${topic} keeps its records without a limit of time`)
      keepMs = Math.max(keepMs, keptMs)
    }
    if (!Number.isSafeInteger(keepMs)) return this.#never(`entries are kept for ${keepMs} ms`)
    this.#told = ''
    return keepMs
  }

  #never(reason: string): undefined {
    if (this.#told === reason) return
    this.#told = reason
    this.#context.log.warn(`the inbox is not purged: ${reason}`, { group: this.#context.group })
  }

  /** One that does not end in time, or before the consumer, is left alone; no other begins before it has ended. */
  async #call<T>(what: string, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    const late = (): never => {
      throw new WaybillError('WB_DEADLINE', `${what}: no end after ${callMsMax} ms`)
    }
    if (this.#isCallOpen) return late()
    this.#isCallOpen = true
    const timer = new AbortController()
    const cancel = (): void => timer.abort()
    signal.addEventListener('abort', cancel, { once: true })
    const work = Promise.resolve()
      .then(call)
      .finally(() => {
        this.#isCallOpen = false
      })
    try {
      return await Promise.race([work, this.#context.clock.sleep(callMsMax, timer.signal).then(late)])
    } finally {
      signal.removeEventListener('abort', cancel)
      cancel()
    }
  }
}
