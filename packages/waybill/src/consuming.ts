import type { BatchHandler, ConsumeContext, Handler } from './consume/consume-context.js'
import { Consumer } from './consume/consumer.js'
import type { HeldMessage } from './consume/handling.js'
import type { ConsumeSettings } from './consume/options.js'
import type { SeekPosition } from './consume/seek.js'
import { consumeSettings } from './consume/options.js'
import { WaybillError } from './model/errors.js'
import { codecFor, isTopicName } from './outbox/enqueue.js'
import type { Fetcher } from './ports/fetcher.js'
import type { Groups } from './ports/group.js'
import type { InboxStore } from './ports/inbox-store.js'
import type { Surroundings } from './sending.js'
import type { WaybillOptions } from './waybill.js'

/** What is consumed, and what a message is handled with: one by one, or several of a partition together. Unknown keys are refused. */
export type ConsumeOptions<Tx> = ConsumeBasics & (OneByOne<Tx> | Together<Tx>)

interface OneByOne<Tx> {
  /** Fulfilled = handled; rejected = tried again, up to `maxAttempts`. `tx` is there with `inbox: true`. */
  readonly handle: Handler<Tx>
  readonly handleBatch?: never
}

interface Together<Tx> {
  readonly handle?: never
  /**
   * Up to `handleBatchMax` messages of one partition, by offset, never two batches with one key (`order`). Fulfilled = all
   * handled; a `BatchError` names those that failed; anything else: all are tried again, up to `maxAttempts`, then each alone,
   * so that `onFailure` meets only the message at fault. With `inbox: true` one transaction, and no message that was handled
   * before.
   */
  readonly handleBatch: BatchHandler<Tx>
}

/** Options of `consume` beside the handler. */
export interface ConsumeBasics extends Partial<ConsumeSettings> {
  readonly group: string
  readonly topics: readonly string[]
  /**
   * Remember handled messages in the store, in the handler's own transaction: its effects there happen exactly once.
   * Default false: at least once.
   */
  readonly inbox?: boolean
  /**
   * Static membership (KIP-345): a name that this consumer keeps over restarts, of its own in the group. After a restart within
   * the session it has its partitions back and nobody else's moved. Of two with one id one ends with WB_INSTANCE_FENCED.
   */
  readonly instanceId?: string
  /** False for errors that no further try can mend. Default: all are tried again. */
  readonly retryable?: (error: unknown) => boolean
  /** With `onFailure: 'dead-letter'`: where messages of a topic go that cannot be handled. Default `<topic>.<group>.dead`. */
  readonly deadLetterTopic?: (topic: string) => string
}

/** A consumer that has joined its group. */
export interface RunningConsumer {
  /** Stops fetching, lets handlers end within `drainMs`, commits, leaves. Safe twice. */
  stop(): Promise<void>
  /**
   * No new fetches and no new handlers for these partitions: of a topic, or all, assigned now or later, until `resume`. What
   * runs may end and is committed; heartbeats go on, nothing is given up. What was fetched stays in memory, counts for
   * `bufferBytesMax`, and is handled after `resume`. A partition that goes and comes back to this consumer stays paused;
   * another member that gets it knows nothing of the pause. Safe twice; of several calls the last that covers a partition
   * decides. Errors: WB_OPTION_INVALID (a topic this consumer has not), WB_NOT_ASSIGNED (a partition it never had),
   * WB_STOPPED.
   */
  pause(topic?: string, partition?: number): void
  /** Ends `pause` for these partitions; same arguments, same errors. Without a pause it does nothing. */
  resume(topic?: string, partition?: number): void
  /**
   * Goes on at another place of a partition that is assigned to this consumer: an offset it holds, `beginning`, `end`, or the
   * first record of `timestampMs` or later. The partition drains first (handlers that run may end within `drainMs` and are
   * committed; later results do not count), what was fetched is dropped, then the group's position is set; the event
   * `position-set` tells it. Resolves when the group holds the new position.
   *
   * All messages from there on are handled, also those that were handled before, except what the inbox still knows: those
   * effects happened, and are not done twice. For effects to happen again use another group, or no inbox. What a seek forwards
   * leaves out is never handled.
   *
   * Errors: WB_NOT_ASSIGNED (not ours, or taken away meanwhile: nothing was set), WB_OPTION_INVALID (not a place that the
   * partition holds), WB_KAFKA_UNREACHABLE, WB_KAFKA_REFUSED (not set, or unknown: goes on at what the group holds),
   * WB_STOPPED.
   */
  seek(topic: string, partition: number, position: SeekPosition): Promise<void>
  /** Messages of `onFailure: 'hold'` that wait now, in this process. */
  held(): readonly HeldMessage[]
  /**
   * Resolves when stopped as asked; rejects with the reason when it had to stop by itself (WB_HANDLER_FAILED,
   * WB_DEAD_LETTER_BRAKE, WB_LOSS_FOUND, WB_INSTANCE_FENCED).
   */
  readonly closed: Promise<void>
}

/** Makes a consumer of these options. Throws WB_OPTION_INVALID. */
export function makeConsumer<Tx>(
  instance: WaybillOptions<Tx>,
  options: ConsumeOptions<Tx>,
  inboxStore: InboxStore | undefined,
  around: Surroundings,
): Consumer<Tx> {
  const {
    group,
    topics,
    instanceId,
    inbox = false,
    handle,
    handleBatch,
    retryable = () => true,
    deadLetterTopic,
    ...settings
  } = options
  const invalid = (what: string): never => {
    throw new WaybillError('WB_OPTION_INVALID', what)
  }
  if (typeof group !== 'string' || group === '') invalid("consume option group is missing: e.g. group: 'billing'")
  if (!Array.isArray(topics) || topics.length === 0)
    invalid("consume option topics is missing: e.g. topics: ['orders']")
  if (instanceId !== undefined && (typeof instanceId !== 'string' || instanceId === ''))
    invalid("consume option instanceId must be a name of this process's own: e.g. 'billing-3'")
  const handlers = handlersOf(handle, handleBatch)
  if (handle && settings.handleBatchMax !== undefined) invalid('consume option handleBatchMax needs handleBatch')
  const { broker, emit } = around
  if (!hasGroups(broker)) return invalid('this broker adapter has no groups; give the addresses of the brokers')
  const { transactions } = instance
  if (inbox && (!inboxStore || !transactions))
    invalid('inbox: true needs the options store and transactions, both on the database of the effects')
  const context: ConsumeContext<Tx> = {
    ...around,
    kafka: broker,
    events: { emit },
    group,
    topics,
    instanceId,
    settings: consumeSettings(settings),
    inbox: inbox && inboxStore && transactions ? { store: inboxStore, transactions } : undefined,
    ...handlers,
    retryable,
    codecOf: codecFor(instance.topics ?? {}),
    deadLetterTopicOf: deadLetterTopic ?? ((topic) => `${topic}.${group}.dead`),
  }
  checkDeadLetters(context, deadLetterTopic)
  return new Consumer(context)
}

/** One of both; JavaScript may give none, both, or no function. */
function handlersOf<Tx>(
  one: Handler<Tx> | undefined,
  together: BatchHandler<Tx> | undefined,
): Pick<ConsumeContext<Tx>, 'handle' | 'handleBatch'> {
  const given = one ?? together
  if (given === undefined || (one !== undefined && together !== undefined))
    throw new WaybillError('WB_OPTION_INVALID', 'consume needs one of the options handle and handleBatch')
  if (typeof given !== 'function')
    throw new WaybillError('WB_OPTION_INVALID', 'consume option handle, or handleBatch, must be a function')
  if (one !== undefined) return { handle: one }
  return { handle: (message, context) => together?.([message], context), handleBatch: together }
}

/** Throws WB_OPTION_INVALID where dead letters could not be told from messages, or could never be sent. */
function checkDeadLetters<Tx>({ topics, settings, deadLetterTopicOf }: ConsumeContext<Tx>, given: unknown): void {
  const invalid = (what: string): never => {
    throw new WaybillError('WB_OPTION_INVALID', what)
  }
  if (given !== undefined && typeof given !== 'function')
    invalid("consume option deadLetterTopic must be a function: e.g. (topic) => topic + '.dead'")
  if (given !== undefined && settings.onFailure !== 'dead-letter')
    invalid("consume option deadLetterTopic needs onFailure: 'dead-letter'")
  if (settings.onFailure !== 'dead-letter') return
  for (const topic of topics) {
    const to: unknown = deadLetterTopicOf(topic)
    if (!isTopicName(to) || topics.includes(to))
      invalid(`${JSON.stringify(to)} cannot be the dead-letter topic of ${topic}: give another deadLetterTopic`)
  }
}

function hasGroups<B extends object>(broker: B): broker is B & Groups & Fetcher {
  return 'join' in broker && 'fetch' in broker
}
