import type { Broker, TopicView } from '../ports/broker.js'
import { WaybillError } from '../model/errors.js'
import { type DeadLetter, type LetterPlace, letterOf } from './dead-letter.js'

/** What reading dead letters takes of Kafka. */
export type LetterReads = Pick<Broker, 'describeTopic' | 'offsets' | 'read'>

/** Which letters are meant; what is not named does not matter, and all that is named must fit. */
export interface LetterChoice {
  readonly group: string
  /** Of messages of this topic. */
  readonly topic?: string
  /** These places in the dead-letter topic. */
  readonly places?: readonly LetterPlace[]
  /** The error's class, or a part of its message. */
  readonly error?: string
  /** Buried at or after this time, ms since 1970. */
  readonly sinceMs?: number
  readonly key?: Uint8Array
}

/** One record of a dead-letter topic, judged. */
export type Met =
  | { readonly kind: 'letter'; readonly letter: DeadLetter; readonly isChosen: boolean }
  /** A letter of another group. */
  | { readonly kind: 'others' }
  /** No letter of waybill. */
  | { readonly kind: 'foreign' }

/** The dead-letter topic. WB_TOPIC_UNKNOWN with the fix when it is not there. */
export async function deadTopicView(kafka: LetterReads, deadTopic: string): Promise<TopicView> {
  const view = await kafka.describeTopic(deadTopic, { fresh: true })
  if (view && view.partitions.length > 0) return view
  throw new WaybillError(
    'WB_TOPIC_UNKNOWN',
    `there is no topic ${deadTopic}: dead letters of a topic go to <topic>.<group>.dead, unless consume has deadLetterTopic; name it with --dead-topic`,
    { facts: { topic: deadTopic } },
  )
}

/** Every record of the topic, by partition and offset, as it is now. Values are not kept. */
export async function* lettersIn(
  kafka: LetterReads,
  view: TopicView,
  choice: LetterChoice,
  signal: AbortSignal,
): AsyncGenerator<Met> {
  for (const { partition } of view.partitions) {
    const { logStart, highWatermark } = await kafka.offsets(view.topic, partition)
    for await (const batch of kafka.read(view.topic, partition, logStart, highWatermark, signal))
      for (const record of batch.isControl ? [] : batch.records) {
        const letter = letterOf(record, partition)
        if (!letter) yield { kind: 'foreign' }
        else if (letter.group !== choice.group) yield { kind: 'others' }
        else yield { kind: 'letter', letter, isChosen: isChosen(letter, choice) }
      }
  }
}

/** Whether a letter is meant. */
export function isChosen(letter: DeadLetter, { topic, places, error, sinceMs, key }: LetterChoice): boolean {
  const { at, origin, buriedAtMs } = letter
  if (topic !== undefined && origin.topic !== topic) return false
  if (places && !places.some(({ partition, offset }) => partition === at.partition && offset === at.offset))
    return false
  if (error !== undefined && letter.error !== error && !letter.message.includes(error)) return false
  if (sinceMs !== undefined && buriedAtMs < sinceMs) return false
  return key === undefined || (letter.key !== null && Buffer.compare(letter.key, key) === 0)
}
