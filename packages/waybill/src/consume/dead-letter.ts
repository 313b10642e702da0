import { causeText } from '../model/errors.js'
import { deadLetterPrefix } from '../model/header.js'
import type { Header } from '../model/message.js'
import type { ReceivedMessage } from '../model/received-message.js'
import { batchOverheadBytes, recordSizeMax } from '../model/record-size.js'
import { advanceSequence } from '../model/sequence-number.js'
import type { ProduceOutcome, RecordData, TopicView } from '../ports/broker.js'
import type { ConsumeContext } from './consume-context.js'
import { pauseMs } from './consume-context.js'
import type { Work } from './dispatcher.js'

/**
 * Under this producer id the sequences of one dead-letter partition were used in order, each for one letter. A letter has it
 * for itself until its receipt: a repeat under the same sequence is known to the broker, and appended once.
 */
interface Identity {
  readonly topicId: string
  readonly partition: number
  readonly producerId: number
  sequence: number
}

/** A message on its way to the dead-letter topic. */
interface Letter {
  readonly record: RecordData
  identity: Identity | undefined
  /** Tries that got no receipt. */
  tries: number
}

type Receipt = { readonly partition: number; readonly offset: number }
type Try = Receipt | { readonly cause: string }

/** Own connections, apart from the relay's pipelines of the same instance, which are numbered from 0. */
const pipeline = -1
/** Below `drainMs`, so that a letter under way ends before its partition is given up. */
const sendTimeoutMs = 10_000
const errorTextMax = 1_000

/** Answers after which this producer id is of no more use here; the repeat under another one may double the letter. */
const identityCodes: ReadonlySet<string> = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'DUPLICATE_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_ID_MAPPING',
])

/** What the operator has to do about a refusal, where it is known. */
const fixes: Readonly<Record<string, (record: RecordData) => string>> = {
  TOPIC_AUTHORIZATION_FAILED: () => 'grant WRITE on it',
  MESSAGE_TOO_LARGE: (record) =>
    `raise its max.message.bytes to at least ${recordSizeMax(record) + batchOverheadBytes}`,
  INVALID_RECORD: () => 'it must take every record: cleanup.policy=delete, no schema checks',
  NOT_ENOUGH_REPLICAS: () => 'bring back its replicas, or lower its min.insync.replicas',
}

/**
 * Sends messages that cannot be handled to their dead-letter topic: as they were, with headers that say where they come from
 * and what went wrong. `undecided` → `sent`, and only by a receipt with acks=all. Whatever else happens the same letter is
 * tried again, under the same sequence, so that an unknown outcome is no second record; it is never given up.
 */
export class DeadLetters<Tx> {
  readonly #context: ConsumeContext<Tx>
  readonly #letters = new WeakMap<Work, Letter>()
  /** Identities that no letter has, by place. */
  readonly #free = new Map<string, Identity[]>()

  constructor(context: ConsumeContext<Tx>) {
    this.#context = context
  }

  /** Decides that the message is dead: from now on it is sent, and no handler is tried. */
  bury(work: Work, error: unknown): void {
    const { key, value, headers } = work.message
    const added = originHeaders(work.message, this.#context.group, work.attempts, error)
    this.#letters.set(work, { record: { key, value, headers: [...headers, ...added] }, identity: undefined, tries: 0 })
  }

  /** True for a message that is dead. */
  has(work: Work): boolean {
    return this.#letters.has(work)
  }

  /** One try to send. True: the receipt is there. Else the pause before the next one. Never rejects. */
  async send(work: Work, ended: AbortSignal): Promise<true | { readonly againAfter: Promise<void> }> {
    const { events, log, clock, deadLetterTopicOf } = this.#context
    const letter = this.#letters.get(work)
    if (!letter) return true
    const { topic, partition, offset } = work.message
    const to = deadLetterTopicOf(topic)
    const end = await this.#try(letter, to, partition).catch((error: unknown) => ({ cause: causeText(error) }))
    if ('offset' in end) {
      this.#letters.delete(work)
      const receipt = { topic: to, partition: end.partition, offset: end.offset }
      events.emit({ kind: 'dead-lettered', topic, partition, offset, receipt })
      log.error('a message went to the dead-letter topic', { topic, partition, offset, receipt })
      return true
    }
    letter.tries++
    const cause = `${to}: ${end.cause}`
    events.emit({ kind: 'dead-letter-failed', topic, partition, offset, tries: letter.tries, cause })
    log.error('a dead letter has no receipt: its key waits, it is sent again', { topic, partition, offset, cause })
    return { againAfter: clock.sleep(pauseMs(letter.tries, this.#context), ended) }
  }

  async #try(letter: Letter, to: string, from: number): Promise<Try> {
    const { kafka, clock, failpoints } = this.#context
    // Fresh after a failure: the topic may have been made meanwhile.
    const view = await kafka.describeTopic(to, { fresh: letter.tries > 0 })
    if (!view || view.partitions.length === 0)
      return { cause: `the topic does not exist: create it, best with the partitions of the topic read` }
    const identity = await this.#identityOf(letter, view, from)
    const { topicId, partition, producerId, sequence } = identity
    const leader = view.partitions[partition]?.leader ?? -1
    if (leader < 0) return { cause: `partition ${partition} has no leader` }
    await failpoints.hit('dead-letter:before-send')
    const place = { topic: to, topicId, partition, producerId, producerEpoch: 0, firstSequence: sequence }
    const [outcome] = await kafka.produce({
      pipeline,
      leader,
      timeoutMs: sendTimeoutMs,
      sendBeforeMs: clock.monotonicMs() + sendTimeoutMs,
      batches: [{ ...place, stampMs: clock.wallMs(), records: [letter.record] }],
    })
    if (outcome?.kind !== 'acked') return { cause: this.#noReceipt(letter, outcome) }
    await failpoints.hit('dead-letter:after-receipt')
    identity.sequence = advanceSequence(sequence, 1)
    this.#freeAt(identity).push(identity)
    return { partition, offset: outcome.baseOffset }
  }

  /** The letter's own, one that is free, or a new one. A topic that was created anew knows none of the old ones. */
  async #identityOf(letter: Letter, { topicId, partitions }: TopicView, from: number): Promise<Identity> {
    if (letter.identity?.topicId === topicId) return letter.identity
    const place = { topicId, partition: from % partitions.length }
    letter.identity = this.#freeAt(place).pop() ?? {
      ...place,
      producerId: await this.#context.kafka.initProducerId(),
      sequence: 0,
    }
    return letter.identity
  }

  #freeAt({ topicId, partition }: Pick<Identity, 'topicId' | 'partition'>): Identity[] {
    const name = `${topicId} ${partition}`
    const free = this.#free.get(name) ?? []
    this.#free.set(name, free)
    return free
  }

  #noReceipt(letter: Letter, outcome: ProduceOutcome | undefined): string {
    if (outcome?.kind !== 'rejected') return outcome && 'cause' in outcome ? outcome.cause : 'no answer'
    const { code, message } = outcome
    if (identityCodes.has(code)) letter.identity = undefined
    return [code, message, fixes[code]?.(letter.record)].filter(Boolean).join(': ')
  }
}

/** What is added behind the record's own headers; of a letter that dies again the newest are the last. */
function originHeaders(message: ReceivedMessage, group: string, attempts: number, error: unknown): readonly Header[] {
  const facts = {
    topic: message.topic,
    partition: message.partition,
    offset: message.offset,
    timestamp: message.timestampMs,
    group,
    attempts,
    error: error instanceof Error ? error.constructor.name : typeof error,
    message: causeText(error).slice(0, errorTextMax),
  }
  return Object.entries(facts).map(([name, fact]) => [`${deadLetterPrefix}${name}`, Buffer.from(String(fact))])
}
