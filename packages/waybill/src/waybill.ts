import type { Codec } from './model/codec.js'
import { WaybillError } from './model/errors.js'
import { checkSource } from './model/header.js'
import type { Message } from './model/message.js'
import { kafka } from './kafka/kafka.js'
import type { KafkaOptions } from './kafka/kafka.js'
import type { AlertSink } from './outbox/alert.js'
import { codecFor, Sealer } from './outbox/enqueue.js'
import type { RejectPolicy, RelayOptions } from './outbox/options.js'
import { relayOptions } from './outbox/options.js'
import { Relay } from './outbox/relay.js'
import { TopicLimits } from './outbox/topic-limits.js'
import type { Broker } from './ports/broker.js'
import type { Clock } from './ports/clock.js'
import type { WaybillEvent } from './ports/events.js'
import type { Failpoints } from './ports/failpoint.js'
import type { Log } from './ports/log.js'
import type { Alert, Backlog, OutboxStore } from './ports/outbox-store.js'
import type { Random } from './ports/random.js'
import type { Transactions } from './ports/transactions.js'
import { systemClock } from './system/clock.js'
import { noFailpoints } from './system/failpoints.js'
import { jsonLog } from './system/log.js'
import { systemRandom } from './system/random.js'
import { checkOptions } from './options.js'

/** Settings of one topic; all optional. */
export interface TopicOptions {
  /** Default: JSON. */
  readonly codec?: Codec
  /** What happens to a message that Kafka refused definitely `rejectAfter` times. Default `hold-key`. */
  readonly onReject?: RejectPolicy
  /** Size limit at `send`. Default: what the relay learned from the topic, else Kafka's default of 1 048 588 bytes. */
  readonly maxMessageBytes?: number
}

/** Options of `createWaybill`. Unknown keys are refused. */
export interface WaybillOptions<Tx> {
  /** Name of the sending application, `[A-Za-z0-9._]{1,64}`; it is in every record's header and fixed in the store. */
  readonly source: string
  /** Brokers to start from, `host:port`; or the full connection options; or an adapter of your own. */
  readonly brokers: readonly string[] | KafkaOptions | Broker
  /** The local message table, on a connection of its own. */
  readonly store: OutboxStore
  /** The transactions of your own library; types every `tx`. */
  readonly transactions: Transactions<Tx>
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
  /** How much waits, is held and is parked, and how old the oldest waiting message is. */
  backlog(): Promise<Backlog>
  /** Open alerts, oldest first. */
  openAlerts(): Promise<readonly Alert[]>
}

const defaultLanes = 32
const defaultDrainMs = 10_000
const ownerBytes = 6

/** Makes a waybill instance; nothing is connected or written before `start`. Throws WB_OPTION_INVALID, WB_SOURCE_INVALID. */
export function createWaybill<Tx>(options: WaybillOptions<Tx>): Waybill<Tx> {
  checkOptions(options)
  checkSource(options.source)
  return new Instance(options)
}

class Instance<Tx> implements Waybill<Tx> {
  readonly #options: WaybillOptions<Tx>
  readonly #lanes: number
  readonly #clock: Clock
  readonly #log: Log
  readonly #broker: Broker
  readonly #sealer: Sealer
  readonly #limits: TopicLimits
  readonly #relay: Relay | undefined
  readonly #ended = new AbortController()
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  #background: Promise<unknown> | undefined
  #started = false

  constructor(options: WaybillOptions<Tx>) {
    this.#options = options
    this.#lanes = options.lanes ?? defaultLanes
    this.#clock = options.clock ?? systemClock
    this.#log = options.log ?? jsonLog()
    const random = options.random ?? systemRandom
    const { brokers } = options
    if ('produce' in brokers) this.#broker = brokers
    else
      this.#broker = kafka('brokers' in brokers ? brokers : { brokers }, {
        clock: this.#clock,
        random,
        log: this.#log,
      })
    const topics = options.topics ?? {}
    this.#limits = new TopicLimits(options.store, this.#clock, this.#log)
    const maxMessageBytesOf = (topic: string): number => topics[topic]?.maxMessageBytes ?? this.#limits.of(topic)
    const seal = { lanes: this.#lanes, codecOf: codecFor(topics), maxMessageBytesOf }
    this.#sealer = new Sealer(seal, { clock: this.#clock, random })
    this.#relay = options.relay === false ? undefined : this.#makeRelay(options.relay ?? {}, random)
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
    const failpoints = this.#options.failpoints ?? noFailpoints
    const { store, transactions } = this.#options
    const sealed = this.#seal(tx, messages)
    await failpoints.hit('enqueue:before-insert')
    await store.enqueue(transactions, tx, sealed)
    await failpoints.hit('enqueue:after-insert')
    this.#enqueued(sealed.length)
  }

  sendSync(tx: Tx, messages: Message | readonly Message[]): void {
    const { store, transactions } = this.#options
    if (!store.enqueueSync)
      throw new WaybillError(
        'WB_OPTION_INVALID',
        `the ${store.dialect} store is not synchronous; use await send(tx, …)`,
      )
    const sealed = this.#seal(tx, messages)
    store.enqueueSync(transactions, tx, sealed)
    this.#enqueued(sealed.length)
  }

  async transaction<T>(fn: (tx: Tx) => Promise<T>): Promise<T> {
    this.#mustRun()
    const result = await this.#options.transactions.run(fn)
    this.#relay?.expectRows()
    return result
  }

  backlog(): Promise<Backlog> {
    return this.#options.store.backlog()
  }

  openAlerts(): Promise<readonly Alert[]> {
    return this.#options.store.openAlerts()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #seal(tx: Tx, messages: Message | readonly Message[]): ReturnType<Sealer['seal']> {
    this.#mustRun()
    const { transactions } = this.#options
    // An assertion signature needs a name with a declared type.
    const checked: Transactions<Tx> = transactions
    checked.check(tx)
    return this.#sealer.seal(isList(messages) ? messages : [messages])
  }

  #enqueued(count: number): void {
    this.#options.onEvent?.({ kind: 'enqueued', count })
    this.#relay?.expectRows()
  }

  #mustRun(): void {
    if (this.#started && !this.#stopping) return
    throw new WaybillError('WB_STOPPED', this.#stopping ? 'waybill was stopped' : 'call await waybill.start() first')
  }

  async #start(): Promise<void> {
    const { store, source } = this.#options
    const shape = { source, lanes: this.#lanes }
    if (this.#options.migrate ?? embedded.has(store.dialect)) await store.migrate(shape)
    await store.open(shape)
    await this.#limits.refresh()
    this.#started = true
    this.#background = this.#limits.run(this.#ended.signal)
    this.#relay?.start()
  }

  async #stop(drainMs: number): Promise<void> {
    await this.#starting?.catch(() => undefined)
    await this.#relay?.stop(drainMs)
    this.#ended.abort()
    await this.#background
    await this.#broker.close()
    await this.#options.store.close()
  }

  #makeRelay(settings: Partial<RelayOptions>, random: Random): Relay {
    const { store, source, topics = {}, onEvent } = this.#options
    const ports = {
      store,
      broker: this.#broker,
      clock: this.#clock,
      random,
      log: this.#log,
      events: { emit: (event: WaybillEvent) => onEvent?.(event) },
      failpoints: this.#options.failpoints ?? noFailpoints,
    }
    // One writer at a time: more pipelines than one would only wait for each other's commits.
    const pipelines = embedded.has(store.dialect) ? 1 : 4
    return new Relay(ports, {
      source,
      lanes: this.#lanes,
      owner: Buffer.from(random.bytes(ownerBytes)).toString('hex'),
      options: relayOptions({ pipelines, ...settings }),
      policyOf: (topic) => topics[topic]?.onReject ?? 'hold-key',
      sinks: this.#options.alerts ?? [],
    })
  }
}

const embedded: ReadonlySet<OutboxStore['dialect']> = new Set(['sqlite', 'memory'])

function isList(messages: Message | readonly Message[]): messages is readonly Message[] {
  return Array.isArray(messages)
}

export type { AlertSink, Alert, Backlog, Broker, Codec, KafkaOptions, Message, OutboxStore, RejectPolicy, RelayOptions }
export type { Clock, Failpoints, Log, Random, Transactions, WaybillEvent }
export { WaybillError, errorCodes } from './model/errors.js'
export type { ErrorCode, Retryable } from './model/errors.js'
export { parseHeader, headerName } from './model/header.js'
export type { WaybillHeader } from './model/header.js'
export { jsonLog, silentLog } from './system/log.js'
export { killAt } from './system/failpoints.js'
