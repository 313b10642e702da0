import { metadataV12 } from '@platformatic/kafka'
import { WaybillError } from '../../model/errors.js'
import type { Clock } from '../../ports/clock.js'
import type { Random } from '../../ports/random.js'
import { type Address, addressText, type KafkaSettings } from '../options.js'
import { answerOf, type MetadataAnswer } from './answer.js'
import { describe, Link, LinkError } from './link.js'

/** What the cluster's parts share. */
export interface KafkaContext {
  readonly settings: KafkaSettings
  readonly clock: Clock
  readonly random: Random
}

/**
 * The brokers we know and one connection to each per purpose. `control` carries metadata and small requests, `read` fetches;
 * Produce has its own connections (see pipeline.ts), so that nothing waits behind a slow append.
 */
export class Cluster {
  readonly #context: KafkaContext
  readonly #links = new Map<string, Promise<Link>>()
  #brokers: ReadonlyMap<number, Address> = new Map()
  #isClosed = false

  constructor(context: KafkaContext) {
    this.#context = context
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Node ids in the newest metadata. */
  get nodeIds(): readonly number[] {
    return [...this.#brokers.keys()]
  }

  /** The node id at `host:port` in the newest metadata. */
  nodeAt(text: string): number | undefined {
    return [...this.#brokers].find(([, address]) => addressText(address) === text)?.[0]
  }

  /** The address of a node id, asking for metadata once when it is not known; undefined when the cluster has none. */
  async addressOf(nodeId: number): Promise<Address | undefined> {
    if (!this.#brokers.has(nodeId)) await this.metadata([])
    return this.#brokers.get(nodeId)
  }

  /** Metadata of these topics (none: brokers and cluster only), from any broker. Errors per topic are in the answer. */
  async metadata(topics: readonly string[]): Promise<MetadataAnswer> {
    return this.anyBroker('Metadata', (link) => this.metadataFrom(link, topics))
  }

  /** Metadata as this broker sees it. */
  async metadataFrom(link: Link, topics: readonly string[]): Promise<MetadataAnswer> {
    requireApi(link, 'Metadata', metadataV12.api)
    const answer = await answerOf(
      link.call('Metadata', this.#context.settings.requestTimeoutMs, (connection) =>
        metadataV12.api.async(connection, [...topics], false, false),
      ),
    )
    if (answer.brokers.length > 0)
      this.#brokers = new Map(answer.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]))
    return answer
  }

  /**
   * Runs `ask` at one broker after the other until one answers: known brokers in random order, then the original list (the
   * whole cluster may have moved). Rejects with WB_KAFKA_UNREACHABLE naming each address and its cause.
   */
  async anyBroker<T>(what: string, ask: (link: Link) => Promise<T>): Promise<T> {
    const { clock, settings } = this.#context
    const until = clock.monotonicMs() + settings.callTimeoutMs
    const causes = new Map<string, string>()
    for (const address of this.#candidates()) {
      const name = addressText(address)
      if (causes.has(name)) continue
      if (clock.monotonicMs() > until) {
        causes.set(name, 'not tried, the time was up')
        continue
      }
      try {
        return await this.#ask('control', address, ask)
      } catch (error) {
        if (!(error instanceof LinkError)) throw error
        causes.set(name, describe(error))
      }
    }
    // Rebootstrap: the next call starts from the original list only.
    this.#brokers = new Map()
    const list = [...causes].map(([name, cause]) => `${name} (${cause})`).join(', ')
    throw new WaybillError('WB_KAFKA_UNREACHABLE', `${what}: no broker answered: ${list}`, {
      facts: { request: what, tried: [...causes.keys()].join(',') },
    })
  }

  /** Runs `ask` at this node. Rejects with LinkError when it cannot be reached or is not in the cluster. */
  async atNode<T>(purpose: 'control' | 'read', nodeId: number, ask: (link: Link) => Promise<T>): Promise<T> {
    const address = await this.addressOf(nodeId)
    if (address === undefined) throw new LinkError(`the cluster has no broker ${nodeId}`)
    return this.#ask(purpose, address, ask)
  }

  /**
   * Asks at this address. A connection kept from before may have ended without our noticing (a broker that restarted): then
   * once more on a new one. Only for requests that may be executed twice.
   */
  async #ask<T>(purpose: string, address: Address, ask: (link: Link) => Promise<T>): Promise<T> {
    const wasKept = this.#links.has(linkKey(purpose, address))
    try {
      return await ask(await this.link(purpose, address))
    } catch (error) {
      if (!wasKept || !(error instanceof LinkError) || error.isTimeout) throw error
      return ask(await this.link(purpose, address))
    }
  }

  /** An open connection for this purpose, made when there is none. Concurrent calls share one attempt. */
  async link(purpose: string, address: Address): Promise<Link> {
    this.#refuseClosed()
    const key = linkKey(purpose, address)
    const { settings, clock } = this.#context
    const existing = this.#links.get(key)
    if (existing !== undefined) {
      const link = await existing
      if (link.isOpen) return link
      try {
        await link.ready(settings.requestTimeoutMs)
        return link
      } catch {
        if (this.#links.get(key) === existing) this.#links.delete(key)
        return this.link(purpose, address)
      }
    }
    const opening = Link.open(address, settings, clock)
    this.#links.set(key, opening)
    try {
      const link = await opening
      if (this.#isClosed) link.close()
      this.#refuseClosed()
      return link
    } catch (error) {
      if (this.#links.get(key) === opening) this.#links.delete(key)
      throw error
    }
  }

  /** Closes the connections of this purpose; requests under way reject. */
  drop(purpose: string): void {
    for (const [key, opening] of this.#links) {
      if (!key.startsWith(`${purpose} `)) continue
      this.#links.delete(key)
      opening.then(
        (link) => link.close(),
        () => undefined,
      )
    }
  }

  /** A pause between two tries: `ms` with jitter, cut short by nothing but time (at most 500 ms). */
  async pause(ms: number): Promise<void> {
    await this.#context.clock.sleep(Math.min(500, ms * (0.5 + this.#context.random.next())))
    this.#refuseClosed()
  }

  /** Closes every connection; calls under way reject. */
  async close(): Promise<void> {
    this.#isClosed = true
    const links = [...this.#links.values()]
    this.#links.clear()
    await Promise.allSettled(links.map(async (opening) => (await opening).close()))
  }

  #refuseClosed(): void {
    if (this.#isClosed) throw new WaybillError('WB_STOPPED', 'the Kafka connection was closed')
  }

  #candidates(): Address[] {
    const known = [...this.#brokers.values()]
    for (let i = known.length - 1; i > 0; i--) {
      const j = Math.floor(this.#context.random.next() * (i + 1))
      const a = known[i]
      const b = known[j]
      if (a !== undefined && b !== undefined) [known[i], known[j]] = [b, a]
    }
    return [...known, ...this.#context.settings.seeds]
  }
}

function linkKey(purpose: string, address: Address): string {
  return `${purpose} ${addressText(address)}`
}

/** Throws WB_KAFKA_REFUSED when the broker does not offer this version of the API. */
export function requireApi(link: Link, name: string, api: { readonly key: number; readonly version: number }): void {
  if (link.offers(api.key, api.version)) return
  throw new WaybillError(
    'WB_KAFKA_REFUSED',
    `the broker ${link} does not offer ${name} v${api.version}; waybill needs Kafka 3.1 or newer`,
    { facts: { kafka: 'UNSUPPORTED_VERSION', api: name, version: api.version } },
  )
}
