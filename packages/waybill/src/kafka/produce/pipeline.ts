import type { ProduceOutcome, ProduceRequest } from '../../ports/broker.js'
import type { Cluster, KafkaContext } from '../network/cluster.js'
import { withDeadline } from '../network/deadline.js'
import { describe, type Link } from '../network/link.js'
import { BatchEncoder } from '../records/encode-batch.js'
import { outcomeOf, partitionKey, produceApi } from './produce-api.js'

/** Requests that may wait for their turn on one connection. The relay has one under way per pipeline and leader; more is a bug. */
const waitingMax = 64

/** Encoding, the last check of the clock and the write happen in one go, so all pipelines of a thread share one buffer. */
const encoder = new BatchEncoder()

/** Tells which topics' leaders are no longer believed. */
export type OnStale = (topic: string) => void

/**
 * One connection to one leader with one produce request on it at a time: two would overtake each other when the first is
 * refused and the second is not. `unsent` is said only while no byte was handed to the socket.
 */
export class ProducePipeline {
  readonly #leader: number
  readonly #pipeline: number
  readonly #cluster: Cluster
  readonly #context: KafkaContext
  readonly #onStale: OnStale
  #turn: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor(place: { pipeline: number; leader: number }, cluster: Cluster, context: KafkaContext, onStale: OnStale) {
    this.#pipeline = place.pipeline
    this.#leader = place.leader
    this.#cluster = cluster
    this.#context = context
    this.#onStale = onStale
  }

  /** Sends when it is the request's turn. Never rejects. */
  async produce(request: ProduceRequest): Promise<readonly ProduceOutcome[]> {
    if (this.#waiting >= waitingMax) return unsent(request, `${waitingMax} requests wait for this connection already`)
    this.#waiting++
    const mine = this.#turn.then(() => this.#send(request))
    this.#turn = mine
    try {
      return await mine
    } finally {
      this.#waiting--
    }
  }

  async #send(request: ProduceRequest): Promise<readonly ProduceOutcome[]> {
    let link: Link
    try {
      link = await this.#link(request)
    } catch (error) {
      for (const batch of request.batches) this.#onStale(batch.topic)
      return unsent(request, describe(error))
    }
    return this.#write(link, request)
  }

  /** The connection to the leader, within the time in which we may still send. */
  async #link(request: ProduceRequest): Promise<Link> {
    const { clock, settings } = this.#context
    const waitMs = Math.min(
      settings.connectTimeoutMs + settings.requestTimeoutMs,
      request.sendBeforeMs - clock.monotonicMs(),
    )
    const waited = await withDeadline(clock, waitMs, this.#connect())
    if (!waited.inTime) throw new Error(`no connection to broker ${this.#leader} within ${Math.round(waitMs)} ms`)
    return waited.value
  }

  async #connect(): Promise<Link> {
    const address = await this.#cluster.addressOf(this.#leader)
    if (address === undefined) throw new Error(`the cluster has no broker ${this.#leader}`)
    return this.#cluster.link(`produce ${this.#pipeline}`, address)
  }

  async #write(link: Link, request: ProduceRequest): Promise<readonly ProduceOutcome[]> {
    const { clock, settings } = this.#context
    const chosen = produceApi(link, request.batches)
    if (chosen === undefined) return unsent(request, `broker ${link} offers no Produce version from 9 to 13`)
    encoder.clear()
    const encoded = request.batches.map((batch) => ({ batch, bytes: encoder.encode(batch) }))
    if (this.#cluster.isClosed) return unsent(request, 'the Kafka connection was closed')
    if (!link.isOpen) return unsent(request, `the connection to broker ${link} was lost`)
    if (clock.monotonicMs() > request.sendBeforeMs) return unsent(request, 'the time to send was over')
    try {
      // The library copies the bytes and writes them before `call` returns, so the encoder may be used again.
      const answer = await link.write('Produce', request.timeoutMs + settings.produceGraceMs, (connection) =>
        chosen.api.async(connection, request.timeoutMs, encoded),
      )
      return request.batches.map((batch) => {
        const { outcome, isStale } = outcomeOf(answer.get(partitionKey(chosen.version, batch)))
        if (isStale) this.#onStale(batch.topic)
        return outcome
      })
    } catch (error) {
      // Also an answer that does not parse. What else this connection would say cannot be trusted.
      link.close()
      for (const batch of request.batches) this.#onStale(batch.topic)
      return request.batches.map(() => ({ kind: 'unknown', cause: describe(error) }))
    }
  }
}

/** All batches of the request as unsent. */
export function unsent(request: ProduceRequest, cause: string): readonly ProduceOutcome[] {
  return request.batches.map(() => ({ kind: 'unsent', cause }))
}

/** Why the request may not be sent as it is; undefined when it may. */
export function requestFault(request: ProduceRequest): string | undefined {
  const seen = new Set<string>()
  for (const { topic, partition, records } of request.batches) {
    const place = `${topic} ${partition}`
    if (seen.has(place)) return `two batches for partition ${partition} of ${topic} in one request`
    if (records.length === 0) return `an empty batch for partition ${partition} of ${topic}`
    seen.add(place)
  }
  return request.batches.length === 0 ? 'no batch' : undefined
}
