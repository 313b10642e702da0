import type { Handler } from './consume/consume-context.js'
import type { Consumer } from './consume/consumer.js'
import type { ConsumeSettings } from './consume/options.js'
import type { ConsumeBasics, RunningConsumer } from './consuming.js'
import { WaybillError } from './model/errors.js'
import type { ReceivedMessage } from './model/received-message.js'

/** What a loop of one message at a time has no use for: it neither works beside itself nor tries again. */
const notOfLoops = [
  'handle',
  'handleBatch',
  'inbox',
  'workers',
  'handleBatchMax',
  'order',
  'maxAttempts',
  'retryable',
  'onFailure',
  'deadLetterTopic',
  'brakePercent',
  'keepInboxMs',
] as const

type LoopSettings = Omit<ConsumeSettings, (typeof notOfLoops)[number]>

/** Options of `messages`: those of `consume` that fit a loop. Unknown keys are refused. */
export interface MessagesOptions
  extends Omit<ConsumeBasics, keyof ConsumeSettings | (typeof notOfLoops)[number]>,
    Partial<LoopSettings> {}

/**
 * The messages of a group, for one `for await` loop. It joins at the first turn. A message counts as handled when the next
 * one is asked for, and only then may its offset be committed: at the end of the loop's body, or at `continue`.
 *
 * `break`, `return` or an error in the body end the loop, commit what was handled before, and leave the group; the message in
 * hand is not handled: it comes again. `stop()` ends the loop so that it counts.
 */
export interface MessageLoop extends AsyncIterableIterator<ReceivedMessage, undefined>, AsyncDisposable {
  /**
   * Ends the loop after the message in hand, which counts if its body ends within `drainMs`; a loop that waits ends at once.
   * The loop is through when it is committed and the group is left. Safe twice, and from anywhere.
   */
  stop(): void
}

/** What came of waiting for a message: the message, or the end. */
interface Waiting {
  resolve(message: ReceivedMessage | undefined): void
  reject(error: unknown): void
}

/** The message in hand; exactly one of both is called. */
interface InHand {
  handled(): void
  failed(error: unknown): void
}

/** Makes a loop; `open` makes its consumer, `join` starts it. Throws WB_OPTION_INVALID. */
export function messageLoop<Tx>(
  options: MessagesOptions,
  open: (options: ConsumeBasics & { readonly handle: Handler<Tx> }) => Consumer<Tx>,
  join: (consumer: Consumer<Tx>) => Promise<RunningConsumer>,
): MessageLoop {
  const refused = notOfLoops.find((name) => name in options)
  if (refused)
    throw new WaybillError('WB_OPTION_INVALID', `messages() has no option ${refused}; it belongs to consume()`)
  const loop: Loop = new Loop(() => join(consumer))
  const consumer: Consumer<Tx> = open({ ...options, workers: 1, handle: (message) => loop.take(message) })
  return loop
}

class Loop implements MessageLoop {
  readonly #join: () => Promise<RunningConsumer>
  #joined: Promise<RunningConsumer> | undefined
  #inHand: InHand | undefined
  #waiting: Waiting | undefined
  #isAsked = false
  /** No further message is taken. */
  #isEnding = false
  /** Why the consumer ended by itself; told once. */
  #failure: { readonly error: unknown } | undefined

  constructor(join: () => Promise<RunningConsumer>) {
    this.#join = join
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<ReceivedMessage, undefined>> {
    if (this.#isAsked)
      throw new WaybillError(
        'WB_OPTION_INVALID',
        'a message is awaited already: one next() at a time, as for await does',
      )
    this.#isAsked = true
    try {
      this.#inHand?.handled()
      this.#inHand = undefined
      const message = this.#isEnding ? await this.#end() : await this.#wait()
      return message ? { done: false, value: message } : { done: true, value: undefined }
    } finally {
      this.#isAsked = false
    }
  }

  async return(): Promise<IteratorResult<ReceivedMessage, undefined>> {
    this.#isEnding = true
    const inHand = this.#inHand
    this.#inHand = undefined
    // The consumer stops during the pause that follows a failed try.
    inHand?.failed(new Error('the loop was left before this message was through: it comes again'))
    await this.#end()
    return { done: true, value: undefined }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  stop(): void {
    this.#isEnding = true
    // What goes wrong is told by the turn that waits for it.
    this.#joined?.then((consumer) => consumer.stop()).catch(() => undefined)
  }

  /** The consumer's only handler at the time: settled by the next turn of the loop, or by its end. */
  take(message: ReceivedMessage): Promise<void> {
    const waiting = this.#waiting
    if (this.#isEnding || !waiting) return Promise.reject(new Error('the loop takes no more messages: it comes again'))
    return new Promise((resolve, reject) => {
      this.#inHand = { handled: resolve, failed: reject }
      this.#waiting = undefined
      waiting.resolve(message)
    })
  }

  async #wait(): Promise<ReceivedMessage | undefined> {
    const next = new Promise<ReceivedMessage | undefined>((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
    this.#joined ??= this.#begin()
    const [message] = await Promise.all([next, this.#joined])
    return message
  }

  async #begin(): Promise<RunningConsumer> {
    try {
      const consumer = await this.#join()
      consumer.closed.then(
        () => this.#over(undefined),
        (error: unknown) => this.#over({ error }),
      )
      if (this.#isEnding) await consumer.stop()
      return consumer
    } catch (error) {
      this.#isEnding = true
      throw error
    }
  }

  /** The consumer has ended. While nobody waits, as in the body of the loop, the reason is kept for the next turn. */
  #over(failure: { readonly error: unknown } | undefined): void {
    const waiting = this.#waiting
    this.#isEnding = true
    this.#waiting = undefined
    if (failure && waiting) waiting.reject(failure.error)
    else waiting?.resolve(undefined)
    if (failure && !waiting) this.#failure = failure
  }

  /** Committed and left; rejects once with the reason when the consumer ended by itself. */
  async #end(): Promise<undefined> {
    const joined = this.#joined
    if (!joined) return undefined
    const consumer = await joined.catch(() => undefined)
    await consumer?.stop()
    await consumer?.closed.catch(() => undefined)
    const failure = this.#failure
    this.#failure = undefined
    if (failure) throw failure.error
    return undefined
  }
}
