import type { Codec } from './model/codec.js'
import { WaybillError } from './model/errors.js'
import type { Message } from './model/message.js'
import { kafka } from './kafka/kafka.js'
import type { KafkaOptions } from './kafka/kafka.js'
import type { RejectPolicy, RelayOptions } from './outbox/options.js'
import type { AlertSink } from './ports/alert-sink.js'
import type { Broker } from './ports/broker.js'
import type { Clock } from './ports/clock.js'
import type { WaybillEvent } from './ports/events.js'
import type { Failpoints } from './ports/failpoint.js'
import type { InboxStore } from './ports/inbox-store.js'
import type { Log } from './ports/log.js'
import type { Alert, Backlog, OutboxStore } from './ports/outbox-store.js'
import type { Random } from './ports/random.js'
import type { Transactions } from './ports/transactions.js'
import { systemClock } from './system/clock.js'
import { noFailpoints } from './system/failpoints.js'
import { jsonLog } from './system/log.js'
import { systemRandom } from './system/random.js'
import type { ConsumeOptions, RunningConsumer } from './consuming.js'
import { makeConsumer } from './consuming.js'
import type { Consumer } from './consume/consumer.js'
import type { MessageLoop, MessagesOptions } from './messages.js'
import { messageLoop } from './messages.js'
import { checkOptions } from './options.js'
import type { Surroundings } from './sending.js'
import { embedded, Sending } from './sending.js'

/** Settings of one topic; all optional. */
export interface TopicOptions {
  /** Default: JSON. */
  readonly codec?: Codec
  /**
   * `false`: messages of one key may reach the topic in another order than their transactions committed. Saves the key lock
   * that makes concurrent transactions of one key wait for each other (PostgreSQL, MySQL). Default true.
   */
  readonly ordered?: boolean
  /** What happens to a message that Kafka refused definitely `rejectAfter` times. Default `hold-key`. */
  readonly onReject?: RejectPolicy
  /** Size limit at `send`. Default: what the relay learned from the topic, else Kafka's default of 1 048 588 bytes. */
  readonly maxMessageBytes?: number
}

/** Options of `createWaybill`. Unknown keys are refused. */
export interface WaybillOptions<Tx> {
  /**
   * Name of the sending application, `[A-Za-z0-9._]{1,64}`; it is in every record's header and fixed in the store. Needed,
   * with `store` and `transactions`, to send; an instance that only consumes has none.
   */
  readonly source?: string
  /** Brokers to start from, `host:port`; or the full connection options; or an adapter of your own. */
  readonly brokers: readonly string[] | KafkaOptions | Broker
  /** The local message table and the inbox, on a connection of its own. */
  readonly store?: OutboxStore & { readonly inbox?: InboxStore }
  /** An inbox without an outbox beside it, for an instance that only consumes. Default: the store's. */
  readonly inbox?: InboxStore
  /** The transactions of your own library, on the same database; types every `tx`. */
  readonly transactions?: Transactions<Tx>
  /** Relay settings, or `false` where another process relays. Default: relay here with the defaults. */
  readonly relay?: false | Partial<RelayOptions>
  /** Lanes of the outbox, 1 to 1024, fixed by the first start. Default 32. */
  readonly lanes?: number
  readonly topics?: Readonly<Record<string, TopicOptions>>
  /** Where alerts go. They are rows in the store in any case. */
  readonly alerts?: readonly AlertSink[]
  /** Creates the tables at `start`. Default: true for SQLite and memory, false elsewhere. */
  readonly migrate?: boolean
  readonly log?: Log
  /** Told what happened; must return at once. */
  readonly onEvent?: (event: WaybillEvent) => void
  /** For tests. */
  readonly clock?: Clock
  readonly random?: Random
  readonly failpoints?: Failpoints
}

/** What `createWaybill` returns. */
export interface Waybill<Tx> extends AsyncDisposable {
  /**
   * Checks store and settings and starts the relay in the background. A Kafka that is down is waited for; a store that is
   * unsafe or of another shape rejects. Safe to call again.
   */
  start(): Promise<void>
  /** Ends the relay: no new claims, open flights may end within `drainMs` (default 10 000). Safe twice and before start. */
  stop(options?: { readonly drainMs?: number }): Promise<void>
  /**
   * Writes messages into the outbox inside your open transaction: they exist if and only if it commits. Rejects before
   * anything is written when a message is bad; let the rejection fail the transaction.
   */
  send(tx: Tx, messages: Message | readonly Message[]): Promise<void>
  /** The same at once, for synchronous drivers (`db.transaction(() => waybill.sendSync(db, …))`). */
  sendSync(tx: Tx, messages: Message | readonly Message[]): void
  /** Opens a transaction with your library, runs `fn`, commits, and wakes the relay at once. */
  transaction<T>(fn: (tx: Tx) => Promise<T>): Promise<T>
  /**
   * Joins a consumer group and handles its messages: offsets are committed only for what is handled. Resolves when joined.
   * Needs no source. Errors: WB_OPTION_INVALID; WB_KAFKA_REFUSED when the group id is in use by another protocol.
   */
  consume(options: ConsumeOptions<Tx>): Promise<RunningConsumer>
  /**
   * The messages of a group one at a time, for a `for await` loop: `for await (const message of waybill.messages({ group, topics }))`.
   * See `MessageLoop` for when a message counts as handled. Nothing is joined before the first turn. Errors: WB_OPTION_INVALID
   * at once; those of `consume`, and the reasons for which a consumer stops by itself, come out of the loop.
   */
  messages(options: MessagesOptions): MessageLoop
  /** How much waits, is held and is parked, and how old the oldest waiting message is. */
  backlog(): Promise<Backlog>
  /** Open alerts, oldest first. */
  openAlerts(): Promise<readonly Alert[]>
}

const defaultDrainMs = 10_000

/** Makes a waybill instance; nothing is connected or written before `start`. Throws WB_OPTION_INVALID, WB_SOURCE_INVALID. */
export function createWaybill<Tx>(options: WaybillOptions<Tx>): Waybill<Tx> {
  checkOptions(options)
  return new Instance(options)
}

class Instance<Tx> implements Waybill<Tx> {
  readonly #options: WaybillOptions<Tx>
  readonly #around: Surroundings
  readonly #sending: Sending<Tx> | undefined
  readonly #consumers = new Set<Consumer<Tx>>()
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  #inboxReady: Promise<void> | undefined
  #started = false

  constructor(options: WaybillOptions<Tx>) {
    this.#options = options
    const clock = options.clock ?? systemClock
    const log = options.log ?? jsonLog()
    const random = options.random ?? systemRandom
    const { brokers, store, transactions, source } = options
    const ports = { clock, random, log }
    const broker = 'produce' in brokers ? brokers : kafka('brokers' in brokers ? brokers : { brokers }, ports)
    const failpoints = options.failpoints ?? noFailpoints
    this.#around = { ...ports, broker, failpoints, emit: (event) => options.onEvent?.(event) }
    if (source !== undefined && store && transactions)
      this.#sending = new Sending(options, store, transactions, this.#around)
  }

  start(): Promise<void> {
    if (this.#stopping)
      return Promise.reject(new WaybillError('WB_STOPPED', 'this instance was stopped; make a new one'))
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#starting = undefined
      throw error
    })
    return this.#starting
  }

  stop(options: { readonly drainMs?: number } = {}): Promise<void> {
    this.#stopping ??= this.#stop(options.drainMs ?? defaultDrainMs)
    return this.#stopping
  }

  async send(tx: Tx, messages: Message | readonly Message[]): Promise<void> {
    await this.#outbox().send(tx, messages)
  }

  sendSync(tx: Tx, messages: Message | readonly Message[]): void {
    this.#outbox().sendSync(tx, messages)
  }

  async transaction<T>(fn: (tx: Tx) => Promise<T>): Promise<T> {
    this.#mustRun()
    const { transactions } = this.#options
    if (!transactions) throw new WaybillError('WB_OPTION_INVALID', 'transaction() needs the option transactions')
    const result = await transactions.run(fn)
    this.#sending?.committed()
    return result
  }

  async consume(options: ConsumeOptions<Tx>): Promise<RunningConsumer> {
    this.#mustRun()
    const inbox = this.#inbox
    const consumer = makeConsumer(this.#options, options, inbox, this.#around)
    if (options.inbox && inbox) await this.#prepareInbox(inbox)
    return this.#join(consumer)
  }

  messages(options: MessagesOptions): MessageLoop {
    this.#mustRun()
    const open = (given: ConsumeOptions<Tx>): Consumer<Tx> =>
      makeConsumer(this.#options, given, undefined, this.#around)
    return messageLoop(options, open, async (consumer) => {
      this.#mustRun()
      return this.#join(consumer)
    })
  }

  async #join(consumer: Consumer<Tx>): Promise<RunningConsumer> {
    // Known before it joins: a stop of the instance meanwhile must stop it, too.
    this.#consumers.add(consumer)
    try {
      await consumer.start()
    } catch (error) {
      await consumer.stop()
      this.#consumers.delete(consumer)
      throw error
    }
    const forget = (): boolean => this.#consumers.delete(consumer)
    consumer.closed().then(forget, forget)
    return {
      stop: () => consumer.stop(),
      pause: (topic, partition) => consumer.pause(topic, partition),
      resume: (topic, partition) => consumer.resume(topic, partition),
      seek: (topic, partition, position) => consumer.seek(topic, partition, position),
      held: () => consumer.held(),
      closed: consumer.closed(),
    }
  }

  backlog(): Promise<Backlog> {
    return this.#mustHaveStore().backlog()
  }

  openAlerts(): Promise<readonly Alert[]> {
    return this.#mustHaveStore().openAlerts()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  get #inbox(): InboxStore | undefined {
    return this.#options.inbox ?? this.#options.store?.inbox
  }

  #outbox(): Sending<Tx> {
    this.#mustRun()
    if (this.#sending) return this.#sending
    throw new WaybillError('WB_OPTION_INVALID', 'sending needs the options source, store and transactions')
  }

  #mustHaveStore(): OutboxStore {
    const { store } = this.#options
    if (store && this.#sending) return store
    throw new WaybillError(
      'WB_OPTION_INVALID',
      'there is no outbox here: give the options source, store and transactions',
    )
  }

  #mustRun(): void {
    if (this.#started && !this.#stopping) return
    throw new WaybillError('WB_STOPPED', this.#stopping ? 'waybill was stopped' : 'call await waybill.start() first')
  }

  #prepareInbox(inbox: InboxStore): Promise<void> {
    const prepare = async (): Promise<void> => {
      if (this.#options.migrate ?? embedded.has(inbox.dialect)) await inbox.migrate()
      await inbox.open()
    }
    this.#inboxReady ??= prepare().catch((error: unknown) => {
      this.#inboxReady = undefined
      throw error
    })
    return this.#inboxReady
  }

  async #start(): Promise<void> {
    await this.#sending?.start()
    this.#started = true
  }

  async #stop(drainMs: number): Promise<void> {
    await this.#starting?.catch(() => undefined)
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop()))
    await this.#sending?.stop(drainMs)
    await this.#around.broker.close()
    await this.#inbox?.close()
  }
}

export type { AlertSink, Alert, Backlog, Broker, Codec, KafkaOptions, Message, OutboxStore, RejectPolicy, RelayOptions }
export type { Clock, ConsumeOptions, Failpoints, InboxStore, Log, Random, RunningConsumer, Transactions, WaybillEvent }
export type { MessageLoop, MessagesOptions }
export type { SeekPosition } from './consume/seek.js'
export type { BatchHandler, Handler, HandlerContext } from './consume/consume-context.js'
export { BatchError } from './model/batch-error.js'
export type { BatchFailure } from './model/batch-error.js'
export { ReceivedMessage } from './model/received-message.js'
export { WaybillError, errorCodes } from './model/errors.js'
export type { ErrorCode, Retryable } from './model/errors.js'
export { parseHeader, headerName } from './model/header.js'
export type { WaybillHeader } from './model/header.js'
export { jsonLog, silentLog } from './system/log.js'
export { killAt } from './system/failpoints.js'
