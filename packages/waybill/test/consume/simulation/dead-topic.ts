import type { ProduceBatch, ProduceOutcome, TopicView } from '../../../src/ports/broker.js'

/** A dead letter as it lies in the topic. */
export interface StoredLetter {
  readonly id: string
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
}

/** A topic with Kafka's rules for idempotent producers: a batch that it has is acknowledged again, a gap is refused. */
export class DeadTopic {
  readonly letters: StoredLetter[] = []
  readonly #last = new Map<string, { readonly sequence: number; readonly offset: number; readonly stampMs: number }>()
  #producers = 0

  get view(): TopicView {
    const partitions = [0, 1].map((partition) => ({ partition, leader: 1, leaderEpoch: 0 }))
    return {
      topic: 'flights.board.dead',
      topicId: 'd'.repeat(32),
      partitions,
      replicationFactor: 1,
      maxMessageBytes: 1_048_588,
      retentionMs: -1,
      timestampType: 'CreateTime',
      producerIdExpirationMs: 86_400_000,
    }
  }

  newProducerId(): number {
    return this.#producers++
  }

  append({ producerId, partition, firstSequence, stampMs, records }: ProduceBatch): ProduceOutcome {
    const name = `${producerId} ${partition}`
    const last = this.#last.get(name)
    if (last?.sequence === firstSequence) return { kind: 'acked', baseOffset: last.offset, appendTimeMs: last.stampMs }
    if ((last?.sequence ?? -1) + 1 !== firstSequence)
      return { kind: 'rejected', code: 'OUT_OF_ORDER_SEQUENCE_NUMBER', appended: 'no', message: '' }
    const offset = this.letters.length
    for (const { key, value, headers } of records)
      this.letters.push({
        id: Buffer.from(value ?? []).toString(),
        key: Buffer.from(key ?? []).toString(),
        headers: Object.fromEntries(headers.map(([header, bytes]) => [header, Buffer.from(bytes).toString()])),
      })
    this.#last.set(name, { sequence: firstSequence, offset, stampMs })
    return { kind: 'acked', baseOffset: offset, appendTimeMs: -1 }
  }
}
