import { causeText, WaybillError } from '../model/errors.js'
import type { ReceivedMessage } from '../model/received-message.js'
import { uuidV7TimeMs } from '../model/message-id.js'
import type { InboxEntry } from '../ports/inbox-store.js'
import { Brake } from './brake.js'
import type { ConsumeContext, HandlerContext, Inbox } from './consume-context.js'
import { pauseMs } from './consume-context.js'
import { DeadLetters } from './dead-letter.js'
import type { End, Work } from './dispatcher.js'
import type { AssignedPartition } from './partition.js'

/** What the consumer is told by a handling. */
export interface HandlingHost {
  /** The message is handled and still ours. */
  handled(work: Work): void
  /** No further try: by policy the consumer stops here. The message stays unhandled. */
  failed(work: Work, error: unknown): void
  /** Too many dead letters: the consumer stops. The message stays unhandled. */
  braked(error: WaybillError): void
  /** Aborted when the consumer ends. */
  readonly ended: AbortSignal
}

/** A message that waits by policy `hold`, with all behind it in its order. */
export interface HeldMessage {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly cause: string
}

/**
 * The event loop gets a turn after this long. Where handlers and their database are synchronous (SQLite), one message follows
 * the other without any: seen with libsql and 20 000 messages, no heartbeat was sent for 45 s and the membership was lost.
 */
const turnEveryMs = 50
/** A hold ends with its partition; this is only how long one timer waits for that. */
const holdMs = 3_600_000

/** Runs handlers, with the inbox in their transaction and tries in place. Knows which run now and for how long. */
export class Handling<Tx> {
  readonly #context: ConsumeContext<Tx>
  readonly #host: HandlingHost
  readonly #running = new Map<Work, { readonly sinceMs: number; reported: boolean }>()
  /** Tries that failed because the world was down. */
  readonly #outages = new WeakMap<Work, number>()
  readonly #deadLetters: DeadLetters<Tx>
  readonly #brake: Brake
  readonly #held = new Map<Work, HeldMessage>()
  #turnedMs: number
  #turn: Promise<void> | undefined

  constructor(context: ConsumeContext<Tx>, host: HandlingHost) {
    this.#context = context
    this.#host = host
    this.#deadLetters = new DeadLetters(context)
    this.#brake = new Brake(context.settings.brakePercent)
    this.#turnedMs = context.clock.monotonicMs()
  }

  /**
   * One try, of the handler or of its dead letter. Never throws and never rejects; a message that is no longer ours is left
   * alone. At once where nothing has to be waited for.
   */
  run(work: Work): 'done' | Promise<End> {
    const { partition } = work
    if (partition.phase !== 'active') return 'done'
    partition.running++
    const end = this.#deadLetters.has(work) ? 'dead' : this.#try(work)
    if (end !== 'done') return this.#wait(work, end)
    partition.running--
    return end
  }

  async #wait(work: Work, trying: End | 'dead' | Promise<End | 'dead'>): Promise<End> {
    try {
      const end = await trying
      return end === 'dead' ? await this.#sendDeadLetter(work) : end
    } finally {
      work.partition.running--
    }
  }

  /** Messages that wait by policy `hold`. */
  held(): readonly HeldMessage[] {
    return [...this.#held.values()]
  }

  /** One try of the handler; `dead`: it was the last one, and its policy is a dead letter. */
  #try(work: Work): End | 'dead' | Promise<End | 'dead'> {
    work.attempts++
    try {
      const already = this.#once(work)
      if (typeof already !== 'boolean') return this.watched(work, () => this.#outcome(work, already))
      this.succeeded(work, already)
      return 'done'
    } catch (error) {
      return this.failed(work, error)
    }
  }

  async #outcome(work: Work, trying: Promise<boolean>): Promise<End | 'dead'> {
    try {
      this.succeeded(work, await trying)
      return 'done'
    } catch (error) {
      return this.failed(work, error)
    }
  }

  /** Counts as running for `reportStuck` until `run` ends. */
  async watched<T>(work: Work, run: () => Promise<T>): Promise<T> {
    this.#running.set(work, { sinceMs: this.#context.clock.monotonicMs(), reported: false })
    try {
      return await run()
    } finally {
      this.#running.delete(work)
    }
  }

  /** The message is handled, now or before (`already`); counts where it is still ours. */
  succeeded(work: Work, already: boolean): void {
    if (!work.partition.isOurs) return
    const { topic, partition, offset } = work.message
    this.#context.events.emit({ kind: 'handled', topic, partition, offset, already })
    this.#brake.handled()
    this.#host.handled(work)
  }

  /** Reports handlers that run for longer than `stuckAfterMs`, once each. They are never taken for done. */
  reportStuck(): void {
    const now = this.#context.clock.monotonicMs()
    for (const [{ message }, entry] of this.#running) {
      const runningMs = now - entry.sinceMs
      if (entry.reported || runningMs < this.#context.settings.stuckAfterMs) continue
      entry.reported = true
      const { topic, partition, offset } = message
      this.#context.events.emit({ kind: 'handler-stuck', topic, partition, offset, runningMs })
      this.#context.log.warn('a handler does not end', { topic, partition, offset, runningMs, key: keyText(message) })
    }
  }

  /** All that start while the loop is due a turn wait for it together. */
  async letLoopTurn(): Promise<void> {
    if (!this.#isTurnDue()) return
    const { clock } = this.#context
    this.#turn ??= (clock.turn?.() ?? clock.sleep(0)).then(() => {
      this.#turnedMs = clock.monotonicMs()
      this.#turn = undefined
    })
    await this.#turn
  }

  #isTurnDue(): boolean {
    return this.#context.clock.monotonicMs() - this.#turnedMs >= turnEveryMs
  }

  /** True when the inbox knew the message already. */
  #once(work: Work): boolean | Promise<boolean> {
    const { inbox, failpoints } = this.#context
    const before = failpoints.hit('handle:before-transaction')
    if (inbox) return this.#inTransaction(work, inbox, before)
    return before !== undefined || this.#isTurnDue() ? this.#afterTurn(work, before) : this.#alone(work)
  }

  async #afterTurn(work: Work, before: unknown): Promise<boolean> {
    await before
    await this.letLoopTurn()
    return this.#alone(work)
  }

  /** Without inbox. */
  #alone(work: Work): boolean | Promise<boolean> {
    const { handle, failpoints } = this.#context
    const handled = handle(work.message, contextOf(work, undefined as Tx))
    if (isThenable(handled)) return this.#afterEffects(handled)
    const after = failpoints.hit('handle:after-effects')
    return after === undefined ? false : after.then(() => false)
  }

  async #afterEffects(handled: PromiseLike<unknown>): Promise<boolean> {
    await handled
    const after = this.#context.failpoints.hit('handle:after-effects')
    if (after !== undefined) await after
    return false
  }

  async #inTransaction(work: Work, { store, transactions }: Inbox<Tx>, before: unknown): Promise<boolean> {
    const { handle, failpoints } = this.#context
    await before
    const entry = inboxEntry(this.#context.group, work.message, work.partition)
    const already = await transactions.run(async (tx) => {
      // In here: with one connection the other workers wait for this transaction, not for their own look at the clock.
      await this.letLoopTurn()
      if (!(await store.accept(transactions, tx, entry))) return true
      await handle(work.message, contextOf(work, tx))
      await failpoints.hit('handle:after-effects')
      return false
    })
    await failpoints.hit('handle:after-transaction')
    return already
  }

  /** The offset counts as handled only with the letter's receipt. */
  async #sendDeadLetter(work: Work): Promise<End> {
    const end = await this.#deadLetters.send(work, this.#host.ended)
    if (end !== true) return end
    if (work.partition.isOurs) this.#host.handled(work)
    return 'done'
  }

  /** A try of this message failed; `dead`: it was the last one, and its policy is a dead letter, which `run` sends. */
  failed(work: Work, error: unknown): End | 'dead' {
    const { events, log, clock, settings, retryable } = this.#context
    if (!work.partition.isOurs) return 'done'
    const { topic, partition, offset } = work.message
    const cause = causeText(error)
    events.emit({ kind: 'handler-failed', topic, partition, offset, attempt: work.attempts, cause })
    log.warn('a handler failed', { topic, partition, offset, attempt: work.attempts, cause })
    const isOutage = error instanceof WaybillError && error.retryable === 'yes'
    const alone = work.attempts - (work.together ?? 0)
    if (!retryable(error) || (!isOutage && alone >= settings.maxAttempts)) {
      return this.#giveUp(work, error)
    }
    const tries = isOutage ? this.#spared(work) : alone
    return { againAfter: clock.sleep(pauseMs(tries, this.#context), this.#host.ended) }
  }

  #giveUp(work: Work, error: unknown): End | 'dead' {
    switch (this.#context.settings.onFailure) {
      case 'stop':
        this.#host.failed(work, error)
        return 'done'
      case 'dead-letter':
        if (!this.#brake.allows()) {
          this.#host.braked(tooManyDead(work, error, this.#context.settings.brakePercent))
          return 'done'
        }
        this.#deadLetters.bury(work, error)
        return 'dead'
      case 'hold':
        return { againAfter: this.#hold(work, causeText(error)) }
    }
  }

  /** Resolves when the partition is no longer ours; its next owner tries the message again. */
  async #hold(work: Work, cause: string): Promise<void> {
    const { events, log, clock } = this.#context
    const { topic, partition, offset } = work.message
    const held = { topic, partition, offset, cause }
    this.#held.set(work, held)
    events.emit({ kind: 'held', ...held })
    log.error('a message cannot be handled: it is held, and all behind it in its order', held)
    const { signal } = work.partition.gone
    while (!signal.aborted) await clock.sleep(holdMs, signal)
    this.#held.delete(work)
  }

  /** A locked database, a full disk or a Kafka that is down is no fault of the message: the try is given back. */
  #spared(work: Work): number {
    work.attempts--
    const outages = (this.#outages.get(work) ?? 0) + 1
    this.#outages.set(work, outages)
    return outages
  }
}

/** `signal` is also aborted when the consumer ends, because it drops its partitions then. */
function contextOf<Tx>({ attempts, partition }: Work, tx: Tx): HandlerContext<Tx> {
  return { attempt: attempts, signal: partition.gone.signal, tx }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

/**
 * What the inbox remembers of a message; a record without our header is known by its place and leader epoch,
 * because after a truncation another record may have its place.
 */
export function inboxEntry(group: string, message: ReceivedMessage, partition: AssignedPartition): InboxEntry {
  const { waybill, offset, leaderEpoch, timestampMs } = message
  if (waybill)
    return { group, source: waybill.source, messageId: waybill.messageId, timeMs: uuidV7TimeMs(waybill.messageId) }
  const { topicId, partition: number } = partition.place
  return { group, source: '', messageId: `${topicId}-${number}-${offset}-${leaderEpoch}`, timeMs: timestampMs }
}

function tooManyDead({ message, attempts }: Work, cause: unknown, percent: number): WaybillError {
  const { topic, partition, offset } = message
  const text =
    `more than ${percent} % of the newest 200 messages cannot be handled; stopped before ${topic}/${partition} offset ${offset}: ` +
    `${causeText(cause)}; mend the handler and start again, or raise brakePercent`
  return new WaybillError('WB_DEAD_LETTER_BRAKE', text, { cause, facts: { topic, partition, offset, attempts } })
}

function keyText({ key }: ReceivedMessage): string | null {
  return key === null ? null : Buffer.from(key).toString('utf8').slice(0, 80)
}
