import { backoff } from '../model/backoff.js'
import type { Codec } from '../model/codec.js'
import type { ReceivedMessage } from '../model/received-message.js'
import type { Broker } from '../ports/broker.js'
import type { Clock } from '../ports/clock.js'
import type { Events } from '../ports/events.js'
import type { Failpoints } from '../ports/failpoint.js'
import type { Fetcher } from '../ports/fetcher.js'
import type { Groups } from '../ports/group.js'
import type { InboxStore } from '../ports/inbox-store.js'
import type { Log } from '../ports/log.js'
import type { Random } from '../ports/random.js'
import type { Transactions } from '../ports/transactions.js'
import type { ConsumeSettings } from './options.js'

/** What a handler is told beside the message. */
export interface HandlerContext<Tx> {
  /** With the inbox: the transaction in which the message is remembered; effects in it happen exactly once. */
  readonly tx: Tx
  /** 1 on the first try of this process; of a batch the highest of its messages. */
  readonly attempt: number
  /** Aborted when the message is no longer ours or the consumer ends: what is done after that may be done by another, too. */
  readonly signal: AbortSignal
}

/** Handles one message; may return a promise. Fulfilled means handled; anything else is tried again. */
export type Handler<Tx> = (message: ReceivedMessage, context: HandlerContext<Tx>) => unknown

/**
 * Handles messages of one partition together, in offset order; may return a promise. Fulfilled means that all are handled. A
 * `BatchError` names those that failed; any other error means that all of them are tried again, and after the last try each
 * of them alone.
 */
export type BatchHandler<Tx> = (messages: readonly ReceivedMessage[], context: HandlerContext<Tx>) => unknown

/** The inbox and the transactions it shares with the handler. */
export interface Inbox<Tx> {
  readonly store: InboxStore
  readonly transactions: Transactions<Tx>
}

/** What sending a dead letter takes. */
type DeadLetterWrites = Pick<Broker, 'describeTopic' | 'initProducerId' | 'produce'>

/** What a consumer needs from outside. */
export interface ConsumePorts {
  readonly kafka: Groups & Fetcher & DeadLetterWrites & Pick<Broker, 'offsets' | 'endOffsetForEpoch' | 'offsetAt'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly events: Events
  readonly failpoints: Failpoints
}

/** One consumer's make-up. */
export interface ConsumeContext<Tx> extends ConsumePorts {
  readonly group: string
  readonly topics: readonly string[]
  /** Static membership. */
  readonly instanceId?: string | undefined
  readonly settings: ConsumeSettings
  readonly inbox: Inbox<Tx> | undefined
  /** One message; with `handleBatch` a batch of it alone. */
  readonly handle: Handler<Tx>
  /** Where messages are handled together, up to `handleBatchMax`. */
  readonly handleBatch?: BatchHandler<Tx> | undefined
  /** False for errors that no further try can mend; default: all are tried again. */
  readonly retryable: (error: unknown) => boolean
  readonly codecOf: (topic: string) => Codec
  /** Where messages of a topic go that cannot be handled. */
  readonly deadLetterTopicOf: (topic: string) => string
}

/** The pause after `tries` failures. */
export function pauseMs(
  tries: number,
  { settings, random }: Pick<ConsumeContext<unknown>, 'settings' | 'random'>,
): number {
  return backoff(tries, { minMs: settings.backoffMinMs, maxMs: settings.backoffMaxMs }, random.next())
}
