import { type Finding, findingOf } from '../../model/finding.js'
import { SequenceDetector, waybillProducer } from '../../model/sequence.js'
import { type ForeignRecord, isHealed, isOriginal, waybillHeader } from './foreign-record.js'

/**
 * Finds what is missing, doubled or out of order among the records of one partition that waybill has sent, from the sequence in
 * their headers. Records of other producers are passed over. It knows nothing from before its first record; give it every record
 * of the partition, in order, from the assignment's `position` on.
 */
export class SequenceCheck {
  readonly #place: { readonly topic: string; readonly partition: number }
  readonly #detector: SequenceDetector

  /** `from`: the offset of the first record to come, or a lower one. */
  constructor(place: { readonly topic: string; readonly partition: number }, from: number) {
    this.#place = { topic: place.topic, partition: place.partition }
    this.#detector = new SequenceDetector(from)
  }

  /** What is wrong at this record; `undefined` when all is well, or nothing can be said. */
  look(record: ForeignRecord): Finding | undefined {
    const header = isOriginal(record) ? waybillHeader(record) : undefined
    const offset = Number(record.offset)
    if (!header) {
      // Received, and no record of a producer that we number: it cannot be one that is missing.
      this.#detector.passed(offset, 'unexplained')
      this.#detector.passed(offset + 1, 'control')
      return undefined
    }
    const { incarnation, sequence } = header
    const seen = { producer: waybillProducer(header), incarnation, sequence, offset, healed: isHealed(record) }
    return findingOf(this.#detector.feed(seen), seen, this.#place)
  }
}
