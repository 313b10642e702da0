import { deadLetterPrefix, healHeaderName, parseHeader, headerName, redriveHeaderName } from '../model/header.js'
import type { Finding } from '../model/finding.js'
import { findingOf } from '../model/finding.js'
import { nativeProducer, SequenceDetector, waybillProducer } from '../model/sequence.js'
import type { Sequenced } from '../model/sequence.js'
import type { FetchedBatch, FetchedRecord } from '../ports/broker.js'

/**
 * Watches the sequences of one assigned partition: waybill's own by the header of each record, those of other idempotent
 * producers by their batches. What it knows goes into the commits (`export`), so that the next assignment, here or elsewhere,
 * finds a loss across the change; without such a state it starts anew, and what came before is not its to find.
 */
export class SequenceWatch {
  readonly #detector: SequenceDetector
  readonly #place: { readonly topic: string; readonly partition: number }

  /** `state`: what `export` gave, under the same name. Of another place or damaged it is no state. */
  constructor(
    place: { readonly topic: string; readonly partition: number },
    fromOffset: number,
    state?: { readonly text: string; readonly name: string },
  ) {
    this.#place = { topic: place.topic, partition: place.partition }
    const known = state && SequenceDetector.import(state.text, state.name)
    // The position was set further on: what lies between was read by nobody.
    known?.passed(fromOffset, 'skipped')
    this.#detector = known ?? new SequenceDetector(fromOffset)
  }

  /** What is known, as text of at most `bytesMax`; bound to `name`. `undefined` when there is no room. */
  export(name: string, bytesMax: number): string | undefined {
    const text = this.#detector.export(name, bytesMax)
    return text.length <= bytesMax ? text : undefined
  }

  /** Looks at a batch as it was fetched; what is wrong with it, if anything. */
  look(batch: FetchedBatch): readonly Finding[] {
    const first = batch.records[0]
    // A dead letter, and one that was sent back, still has the header of its first copy, whose sequence says nothing about
    // this place: not even as a duplicate, because as a first sight it would make what follows look like a gap.
    const isElsewhere = [`${deadLetterPrefix}topic`, redriveHeaderName].some((name) => first && headerOf(first, name))
    const isOwn = first && headerOf(first, headerName) && !isElsewhere
    const seen = isOwn ? batch.records.flatMap(ownSequence) : nativeSequence(batch)
    return seen.flatMap((one) => findingOf(this.#detector.feed(one), one, this.#place) ?? [])
  }

  /** Everything below `offset` was read; what was not received there holds no record that anybody can say anything about. */
  passed(offset: number): void {
    this.#detector.passed(offset, 'unexplained')
  }
}

function ownSequence(record: FetchedRecord): readonly Sequenced[] {
  const text = headerOf(record, headerName)
  const header = text && parseHeader(Buffer.from(text).toString('latin1'))
  if (!header) return []
  const { incarnation, sequence } = header
  const healed = headerOf(record, healHeaderName) !== undefined
  return [{ producer: waybillProducer(header), incarnation, sequence, offset: record.offset, healed }]
}

/** A batch keeps its first sequence and its offsets even when compaction has taken records out of it. */
function nativeSequence({
  baseOffset,
  lastOffset,
  producerId,
  producerEpoch,
  firstSequence,
}: FetchedBatch): readonly Sequenced[] {
  if (producerId < 0 || firstSequence < 0) return []
  const incarnation = { producerId, producerEpoch }
  const count = lastOffset - baseOffset + 1
  return [{ producer: nativeProducer(producerId), incarnation, sequence: firstSequence, count, offset: baseOffset }]
}

function headerOf({ headers }: FetchedRecord, name: string): Uint8Array | undefined {
  return headers.find(([own]) => own === name)?.[1]
}
