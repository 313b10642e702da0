import { BatchError } from '../model/batch-error.js'
import { causeText, WaybillError } from '../model/errors.js'
import type { BatchedEnd, BatchEnd } from './batch-dispatcher.js'
import type { BatchHandler, ConsumeContext, Inbox } from './consume-context.js'
import { pauseMs } from './consume-context.js'
import type { Work } from './dispatcher.js'
import type { Handling } from './handling.js'
import { inboxEntry } from './handling.js'
import type { HandlingOrder } from './options.js'

/**
 * One try of a batch: with the inbox in one transaction, in which known messages are left out and the others remembered.
 *
 * What a failure means: an outage: the same batch again, at no cost. A `BatchError`: the named messages failed, each by
 * itself; the others are not at fault. Anything else: the same batch again, up to `maxAttempts`; then each message alone, as
 * with `handle`, so that only the one at fault meets `onFailure`. A batch of one is such a message at once.
 */
export class BatchHandling<Tx> {
  readonly #context: ConsumeContext<Tx>
  readonly #handleBatch: BatchHandler<Tx>
  readonly #handling: Handling<Tx>
  readonly #ended: AbortSignal
  /** Tries that failed because the world was down, by the first message. */
  readonly #outages = new WeakMap<Work, number>()

  constructor(context: ConsumeContext<Tx>, handleBatch: BatchHandler<Tx>, handling: Handling<Tx>, ended: AbortSignal) {
    this.#context = context
    this.#handleBatch = handleBatch
    this.#handling = handling
    this.#ended = ended
  }

  /** Never rejects; messages that are no longer ours are left alone. All are of one partition, by offset. */
  async run(works: readonly Work[]): Promise<BatchEnd> {
    const [first, second] = works
    if (!first) return { ends: [] }
    if (!second) {
      first.alone = true
      return { ends: [await this.#handling.run(first)] }
    }
    const { partition } = first
    if (partition.phase !== 'active') return all(works, 'done')
    partition.running++
    try {
      return await this.#handling.watched(first, () => this.#try(works, first))
    } finally {
      partition.running--
    }
  }

  async #try(works: readonly Work[], first: Work): Promise<BatchEnd> {
    for (const work of works) {
      work.attempts++
      work.together = (work.together ?? 0) + 1
    }
    try {
      const known = await this.#once(works, first)
      for (const work of works) this.#handling.succeeded(work, known.has(work))
      return all(works, 'done')
    } catch (error) {
      return first.partition.isOurs ? this.#failed(works, first, error) : all(works, 'done')
    }
  }

  /** The messages that the inbox knew already. */
  async #once(works: readonly Work[], first: Work): Promise<ReadonlySet<Work>> {
    const { inbox, failpoints } = this.#context
    const context = {
      attempt: works.reduce((highest, { attempts }) => Math.max(highest, attempts), 1),
      signal: first.partition.gone.signal,
    }
    await failpoints.hit('handle:before-transaction')
    if (!inbox) {
      await this.#handling.letLoopTurn()
      await this.#handle(works, { ...context, tx: undefined as Tx })
      return new Set()
    }
    const already = await inbox.transactions.run(async (tx) => {
      await this.#handling.letLoopTurn()
      const known = await this.#known(inbox, tx, works)
      const fresh = works.filter((work) => !known.has(work))
      if (fresh.length > 0) await this.#handle(fresh, { ...context, tx })
      return known
    })
    await failpoints.hit('handle:after-transaction')
    return already
  }

  async #handle(works: readonly Work[], context: Parameters<BatchHandler<Tx>>[1]): Promise<void> {
    await this.#handleBatch(
      works.map(({ message }) => message),
      context,
    )
    await this.#context.failpoints.hit('handle:after-effects')
  }

  /** In offset order, so that a zombie's transaction on the same messages waits for ours, or ours for it, but not both. */
  async #known({ store, transactions }: Inbox<Tx>, tx: Tx, works: readonly Work[]): Promise<ReadonlySet<Work>> {
    const known = new Set<Work>()
    for (const work of works) {
      const entry = inboxEntry(this.#context.group, work.message, work.partition)
      if (!(await store.accept(transactions, tx, entry))) known.add(work)
    }
    return known
  }

  #failed(works: readonly Work[], first: Work, error: unknown): BatchEnd {
    const named = namedIn(error, works)
    if (named) return { ends: this.#blamed(works, named) }
    this.#told(works, first, error)
    const { clock, settings, retryable } = this.#context
    const isFinal = !retryable(error)
    if (!isFinal && error instanceof WaybillError && error.retryable === 'yes') {
      for (const work of works) {
        work.attempts--
        work.together = (work.together ?? 1) - 1
      }
      const outages = (this.#outages.get(first) ?? 0) + 1
      this.#outages.set(first, outages)
      return { sameAfter: clock.sleep(pauseMs(outages, this.#context), this.#ended) }
    }
    const tries = works.reduce((highest, { together = 0 }) => Math.max(highest, together), 0)
    if (!isFinal && tries < settings.maxAttempts)
      return { sameAfter: clock.sleep(pauseMs(tries, this.#context), this.#ended) }
    for (const work of works) work.alone = true
    return all(works, 'again')
  }

  #told(works: readonly Work[], { message, attempts }: Work, error: unknown): void {
    const { events, log } = this.#context
    const { topic, partition, offset } = message
    const cause = `a batch of ${works.length} messages: ${causeText(error)}`
    events.emit({ kind: 'handler-failed', topic, partition, offset, attempt: attempts, cause })
    log.warn('a handler failed', { topic, partition, offset, attempt: attempts, cause })
  }

  /**
   * What is behind a failed message in its order comes again, whatever the handler did with it: else its key would go on
   * without it. With the inbox the transaction is rolled back, and so nothing of the batch is handled.
   */
  #blamed(works: readonly Work[], { failed, handled }: Named): readonly BatchedEnd[] {
    const { inbox, settings } = this.#context
    const culprits = [...failed.keys()]
    const ends = new Map<Work, BatchedEnd>()
    for (const work of works) {
      const isBehindOne = culprits.some((one) => isBehind(settings.order, work, one))
      if (inbox || failed.has(work) || isBehindOne || !handled.has(work.message)) continue
      this.#handling.succeeded(work, false)
      ends.set(work, 'done')
    }
    for (const [work, error] of failed) {
      // This try was about this very message.
      work.together = (work.together ?? 1) - 1
      work.alone = true
      const end = this.#handling.failed(work, error)
      ends.set(work, end === 'dead' ? 'again' : end)
    }
    for (const work of works) {
      if (ends.has(work)) continue
      work.attempts--
      work.together = (work.together ?? 1) - 1
    }
    return works.map((work) => ends.get(work) ?? 'again')
  }
}

function all(works: readonly Work[], end: BatchedEnd): BatchEnd {
  return { ends: works.map(() => end) }
}

/** What a handler says of its messages. */
interface Named {
  readonly failed: ReadonlyMap<Work, unknown>
  readonly handled: ReadonlySet<unknown>
}

/** `undefined` when the handler names no failed message, or one that was not in the batch. */
function namedIn(error: unknown, works: readonly Work[]): Named | undefined {
  if (!(error instanceof BatchError)) return undefined
  const byMessage = new Map(works.map((work) => [work.message, work]))
  const failed = new Map<Work, unknown>()
  for (const { message, error: cause } of error.failures) {
    const work = byMessage.get(message)
    if (!work) return undefined
    failed.set(work, cause)
  }
  return failed.size > 0 ? { failed, handled: new Set(error.handled) } : undefined
}

/** Whether `work` may not be handled before `other`. Both are of one partition. */
function isBehind(order: HandlingOrder, { message }: Work, { message: other }: Work): boolean {
  if (message.offset <= other.offset || order === 'none') return false
  if (order === 'partition') return true
  return message.key !== null && other.key !== null && Buffer.compare(message.key, other.key) === 0
}
