import { deadLetterPrefix, headerName, parseHeader, redriveHeaderName } from '../model/header.js'
import type { Header } from '../model/message.js'
import type { FetchedRecord } from '../ports/broker.js'

/** A place in a topic with one name. */
export interface LetterPlace {
  readonly partition: number
  readonly offset: number
}

/** A dead letter, without its value. */
export interface DeadLetter {
  /** Where it lies in the dead-letter topic. */
  readonly at: LetterPlace
  /** When it was buried, by the consumer's clock. */
  readonly buriedAtMs: number
  /** The record that could not be handled. */
  readonly origin: LetterPlace & { readonly topic: string; readonly timestampMs: number | undefined }
  readonly group: string
  readonly attempts: number | undefined
  /** Class of the handler's error. */
  readonly error: string
  readonly message: string
  readonly key: Uint8Array | null
  /** Null for a tombstone. */
  readonly valueBytes: number | null
  /** 32 hex digits; `undefined` for records of other producers. */
  readonly messageId: string | undefined
  /** It was sent back before and died again. */
  readonly cameBack: boolean
}

/** The letter in a record of partition `partition`; `undefined` for any other record: nothing is guessed. */
export function letterOf(record: FetchedRecord, partition: number): DeadLetter | undefined {
  const fact = (name: string): string | undefined => textOf(record.headers, `${deadLetterPrefix}${name}`)
  const [topic, group] = [fact('topic'), fact('group')]
  const [from, offset] = [wholeOf(fact('partition')), wholeOf(fact('offset'))]
  if (topic === undefined || topic === '' || group === undefined || from === undefined || offset === undefined)
    return undefined
  const own = textOf(record.headers, headerName)
  return {
    at: { partition, offset: record.offset },
    buriedAtMs: record.timestampMs,
    origin: { topic, partition: from, offset, timestampMs: wholeOf(fact('timestamp')) },
    group,
    attempts: wholeOf(fact('attempts')),
    error: fact('error') ?? '',
    message: fact('message') ?? '',
    key: record.key,
    valueBytes: record.value === null ? null : record.value.length,
    messageId: own === undefined ? undefined : parseHeader(own)?.messageId,
    cameBack: textOf(record.headers, redriveHeaderName) !== undefined,
  }
}

/**
 * The headers of the message as it was before it died (the last `waybill-dead-` header of each name goes: a letter that died
 * twice keeps those of its first death), and where it comes from now.
 */
export function headersBack(headers: readonly Header[], redrive: string): readonly Header[] {
  const seen = new Set<string>()
  const kept = headers.toReversed().filter(([name]) => {
    if (name === redriveHeaderName) return false
    if (!name.startsWith(deadLetterPrefix) || seen.has(name)) return true
    seen.add(name)
    return false
  })
  return [...kept.toReversed(), [redriveHeaderName, Buffer.from(redrive)]]
}

/** Value of the header `waybill-redrive`. Topic names have no slash; a group may. */
export function redriveText(deadTopic: string, { at, group }: Pick<DeadLetter, 'at' | 'group'>): string {
  return `${deadTopic}/${at.partition}/${at.offset}/${group}`
}

/** The last header of this name, as Kafka's `lastHeader` does. */
function textOf(headers: readonly Header[], name: string): string | undefined {
  const value = headers.findLast(([own]) => own === name)?.[1]
  return value === undefined ? undefined : Buffer.from(value).toString('utf8')
}

function wholeOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined
}
