import { causeText, WaybillError } from '../model/errors.js'
import { redriveHeaderName } from '../model/header.js'
import { batchOverheadBytes, recordSizeMax } from '../model/record-size.js'
import { advanceSequence } from '../model/sequence-number.js'
import type { Broker, ProduceOutcome, RecordData } from '../ports/broker.js'
import type { Clock } from '../ports/clock.js'
import type { Intent } from './redrive-memory.js'
import type { Target } from './redrive-plan.js'

/** Where a copy lies. */
export interface Receipt {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

type Sent = { readonly kind: 'sent'; readonly to: Receipt }
type NotSent = { readonly kind: 'refused' | 'open'; readonly cause: string }

/** What looking for a copy gave. `isElsewhere`: the topic was made anew since, so that no request of then can arrive. */
type Found =
  | { readonly kind: 'found'; readonly to: Receipt }
  | { readonly kind: 'absent'; readonly isElsewhere: boolean }
  | { readonly kind: 'unknown'; readonly cause: string }

const pipeline = -1
const requestTimeoutMs = 10_000
const letterTimeoutMs = 30_000
const pauseMs = 200

/** Refusals that come before the append and do not pass: Kafka checks rights, size and form first. */
const definite: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'POLICY_VIOLATION',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'UNKNOWN_TOPIC_ID',
])

/** Sends copies of letters: acks=all, each under a producer id and sequence that no other letter has. */
export class RedriveSender {
  readonly #kafka: Pick<Broker, 'describeTopic' | 'offsets' | 'read' | 'initProducerId' | 'produce'>
  readonly #clock: Clock
  /** Per place: the producer id and the next sequence, and from where on our copies lie. */
  readonly #lines = new Map<string, { producerId: number; sequence: number; fromOffset: number }>()

  constructor(kafka: Pick<Broker, 'describeTopic' | 'offsets' | 'read' | 'initProducerId' | 'produce'>, clock: Clock) {
    this.#kafka = kafka
    this.#clock = clock
  }

  /** The identity of the next copy to this place. It is used for no other letter. */
  async intend({ topic, topicId, partition }: Exclude<Target, { cause: string }>): Promise<Omit<Intent, 'letter'>> {
    const name = `${topicId} ${partition}`
    const line = this.#lines.get(name) ?? {
      producerId: await this.#kafka.initProducerId(),
      sequence: 0,
      fromOffset: (await this.#kafka.offsets(topic, partition)).highWatermark,
    }
    this.#lines.set(name, line)
    const { producerId, sequence, fromOffset } = line
    return { topic, topicId, partition, fromOffset, producerId, sequence, stampMs: this.#clock.wallMs() }
  }

  /** Sends until it is known what became of the copy, at most 30 s. Never rejects. */
  async send(intent: Intent, record: RecordData): Promise<Sent | NotSent> {
    const name = `${intent.topicId} ${intent.partition}`
    const untilMs = this.#clock.monotonicMs() + letterTimeoutMs
    let isUncertain = false
    for (;;) {
      const outcome = await this.#try(intent, record)
      if (outcome.kind === 'acked') {
        const { topic, partition } = intent
        const line = this.#lines.get(name)
        if (line) {
          line.sequence = advanceSequence(intent.sequence, 1)
          line.fromOffset = outcome.baseOffset + 1
        }
        return { kind: 'sent', to: { topic, partition, offset: outcome.baseOffset } }
      }
      const isRejected = outcome.kind === 'rejected'
      if (outcome.kind === 'unknown' || (isRejected && outcome.appended !== 'no')) isUncertain = true
      const isOver = this.#clock.monotonicMs() >= untilMs || (isRejected && definite.has(outcome.code))
      if (!isOver) {
        await this.#clock.sleep(pauseMs)
        continue
      }
      // Whatever happens next at this place begins under a producer id that nobody has used.
      this.#lines.delete(name)
      return { kind: isUncertain ? 'open' : 'refused', cause: causeOf(outcome, record) }
    }
  }

  /** Looks for the copy of an earlier run, from where it can lie at the lowest to the end. */
  async find({ topic, topicId, partition, fromOffset }: Intent, redrivePrefix: string): Promise<Found> {
    const view = await this.#kafka.describeTopic(topic, { fresh: true })
    if (view?.topicId !== topicId || view.partitions.length <= partition) return { kind: 'absent', isElsewhere: true }
    const { logStart, highWatermark } = await this.#kafka.offsets(topic, partition)
    for await (const batch of this.#kafka.read(topic, partition, Math.max(fromOffset, logStart), highWatermark))
      for (const { offset, headers } of batch.records) {
        const mark = headers.findLast(([name]) => name === redriveHeaderName)?.[1]
        if (mark && Buffer.from(mark).toString().startsWith(redrivePrefix))
          return { kind: 'found', to: { topic, partition, offset } }
      }
    if (logStart <= fromOffset) return { kind: 'absent', isElsewhere: false }
    const cause = `it may lie in ${topic}/${partition} from offset ${fromOffset} on, of which ${logStart - fromOffset} are deleted`
    return { kind: 'unknown', cause }
  }

  async #try(intent: Intent, record: RecordData): Promise<ProduceOutcome> {
    const { topic, topicId, partition, producerId, sequence, stampMs } = intent
    try {
      const view = await this.#kafka.describeTopic(topic)
      const leader = view?.topicId === topicId ? (view.partitions[partition]?.leader ?? -1) : -1
      if (leader < 0) return { kind: 'unsent', cause: `${topic}/${partition} has no leader, or was made anew` }
      const place = { topic, topicId, partition, producerId, producerEpoch: 0, firstSequence: sequence }
      const [outcome] = await this.#kafka.produce({
        ...{ pipeline, leader, timeoutMs: requestTimeoutMs },
        sendBeforeMs: this.#clock.monotonicMs() + requestTimeoutMs,
        batches: [{ ...place, stampMs, records: [record] }],
      })
      return outcome ?? { kind: 'unknown', cause: 'no answer' }
    } catch (error) {
      // Nothing was handed to a socket yet: `produce` itself never rejects.
      if (error instanceof WaybillError) return { kind: 'unsent', cause: causeText(error) }
      throw error
    }
  }
}

function causeOf(outcome: Exclude<ProduceOutcome, { kind: 'acked' }>, record: RecordData): string {
  if (outcome.kind !== 'rejected') return outcome.cause
  const { code, message } = outcome
  const fix =
    code === 'MESSAGE_TOO_LARGE'
      ? `raise max.message.bytes of the topic to at least ${recordSizeMax(record) + batchOverheadBytes}`
      : code === 'TOPIC_AUTHORIZATION_FAILED'
        ? 'grant WRITE on the topic'
        : ''
  return [code, message, fix].filter(Boolean).join(': ')
}
