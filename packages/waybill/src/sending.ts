import { WaybillError } from './model/errors.js'
import { checkSource } from './model/header.js'
import type { Message, SealedMessage } from './model/message.js'
import { codecFor, Sealer } from './outbox/enqueue.js'
import { relayOptions } from './outbox/options.js'
import { Relay } from './outbox/relay.js'
import { TopicLimits } from './outbox/topic-limits.js'
import type { Broker } from './ports/broker.js'
import type { Clock } from './ports/clock.js'
import type { WaybillEvent } from './ports/events.js'
import type { Failpoints } from './ports/failpoint.js'
import type { Log } from './ports/log.js'
import type { OutboxStore } from './ports/outbox-store.js'
import type { Random } from './ports/random.js'
import type { Transactions } from './ports/transactions.js'
import type { WaybillOptions } from './waybill.js'

/** What sending and consuming share: the outside world with its defaults. */
export interface Surroundings {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly failpoints: Failpoints
  readonly broker: Broker
  readonly emit: (event: WaybillEvent) => void
}

const defaultLanes = 32
const ownerBytes = 6
/** Databases inside the process: tables are made at `start`, and there is one writer at a time. */
export const embedded: ReadonlySet<OutboxStore['dialect']> = new Set(['sqlite', 'memory'])

/** The outbox side of an instance: enqueue and relay on one store under one source. */
export class Sending<Tx> {
  readonly #source: string
  readonly #lanes: number
  readonly #store: OutboxStore
  readonly #transactions: Transactions<Tx>
  readonly #around: Surroundings
  readonly #sealer: Sealer
  readonly #limits: TopicLimits
  readonly #relay: Relay | undefined
  readonly #migrate: boolean
  readonly #ended = new AbortController()
  #background: Promise<unknown> | undefined

  /** Throws WB_SOURCE_INVALID, WB_OPTION_INVALID. */
  constructor(options: WaybillOptions<Tx>, store: OutboxStore, transactions: Transactions<Tx>, around: Surroundings) {
    checkSource(options.source)
    this.#source = options.source
    this.#lanes = options.lanes ?? defaultLanes
    this.#store = store
    this.#transactions = transactions
    this.#around = around
    this.#migrate = options.migrate ?? embedded.has(store.dialect)
    const topics = options.topics ?? {}
    this.#limits = new TopicLimits(store, around.clock, around.log)
    const maxMessageBytesOf = (topic: string): number => topics[topic]?.maxMessageBytes ?? this.#limits.of(topic)
    const isOrdered = (topic: string): boolean => topics[topic]?.ordered !== false
    const sealing = { lanes: this.#lanes, codecOf: codecFor(topics), maxMessageBytesOf, isOrdered }
    this.#sealer = new Sealer(sealing, around)
    this.#relay = options.relay === false ? undefined : this.#makeRelay(options)
  }

  async start(): Promise<void> {
    const shape = { source: this.#source, lanes: this.#lanes }
    if (this.#migrate) await this.#store.migrate(shape)
    await this.#store.open(shape)
    await this.#limits.refresh()
    this.#background = this.#limits.run(this.#ended.signal)
    this.#relay?.start()
  }

  /** Also closes the connections to Kafka. */
  async stop(drainMs: number): Promise<void> {
    await this.#relay?.stop(drainMs)
    this.#ended.abort()
    await this.#background
    await this.#store.close()
  }

  async send(tx: Tx, messages: Message | readonly Message[]): Promise<void> {
    const { failpoints } = this.#around
    const sealed = this.#seal(tx, messages)
    await failpoints.hit('enqueue:before-insert')
    await this.#store.enqueue(this.#transactions, tx, sealed)
    await failpoints.hit('enqueue:after-insert')
    this.#enqueued(sealed)
  }

  sendSync(tx: Tx, messages: Message | readonly Message[]): void {
    const store = this.#store
    if (!store.enqueueSync)
      throw new WaybillError(
        'WB_OPTION_INVALID',
        `the ${store.dialect} store is not synchronous; use await send(tx, …)`,
      )
    const sealed = this.#seal(tx, messages)
    store.enqueueSync(this.#transactions, tx, sealed)
    this.#enqueued(sealed)
  }

  /** A transaction was committed here: its rows are visible now. */
  committed(): void {
    this.#relay?.expectRows()
    this.#store.announce?.()
  }

  #seal(tx: Tx, messages: Message | readonly Message[]): ReturnType<Sealer['seal']> {
    // An assertion signature needs a name with a declared type.
    const transactions: Transactions<Tx> = this.#transactions
    transactions.check(tx)
    return this.#sealer.seal(isList(messages) ? messages : [messages])
  }

  #enqueued(sealed: readonly SealedMessage[]): void {
    this.#around.emit({ kind: 'enqueued', count: sealed.length })
    this.#relay?.expectRows(new Set(sealed.map(({ lane }) => lane)))
    this.#store.announce?.()
  }

  #makeRelay({ relay, topics = {}, alerts }: WaybillOptions<Tx>): Relay {
    const { emit, random } = this.#around
    return new Relay(
      { ...this.#around, store: this.#store, events: { emit } },
      {
        source: this.#source,
        lanes: this.#lanes,
        owner: Buffer.from(random.bytes(ownerBytes)).toString('hex'),
        options: relayOptions({ ...relay }),
        policyOf: (topic) => topics[topic]?.onReject ?? 'hold-key',
        sinks: alerts ?? [],
        hangUp: () => this.#around.broker.close(),
      },
    )
  }
}

function isList(messages: Message | readonly Message[]): messages is readonly Message[] {
  return Array.isArray(messages)
}
