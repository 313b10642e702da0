import { setTimeout as sleep } from 'node:timers/promises'
import { FaultRule, HeldRequests, type RequestFilter } from './fault-rules.js'
import { FrameReader, kafkaFraming } from './frames.js'
import { answeredId, type KafkaRequest, parseRequest } from './kafka-request.js'
import { type Direction, type Link, TcpProxy } from './tcp-proxy.js'

/** An answer that gets lost. */
export interface DropResponses extends RequestFilter {
  /** `close` (unless told): the connection is cut in the answer's place. `hang`: it stays, and nothing comes any more. */
  readonly connection?: 'close' | 'hang'
}

/** An answer that comes late. */
export interface DelayResponses extends RequestFilter {
  /** Later answers of the same connection wait behind it. */
  readonly delayMs: number
}

/** A frame that is torn. */
export interface CutAfter extends RequestFilter {
  /** So many bytes of the frame (its 4-byte length included) pass, then the connection is cut. 0: nothing of it passes. */
  readonly bytes: number
  /** Which frame: the request (unless told), which the node then never sees whole, or its answer. */
  readonly frame?: 'request' | 'response'
}

/** Requests and answers of an API that passed completely. */
export interface ApiCount {
  requests: number
  responses: number
}

type Armed<Fault> = readonly [FaultRule, Fault]

/** A request that was passed on, and what its answer is in for. Decided when the request passes: "the next requests" are no earlier ones. */
interface Pending {
  readonly request: KafkaRequest
  readonly held: HeldRequests | undefined
  readonly drop: Armed<DropResponses> | undefined
  readonly cut: Armed<CutAfter> | undefined
  readonly delay: Armed<DelayResponses> | undefined
}

/**
 * A proxy in front of one listener of one Kafka node that understands frames: it knows which request each answer belongs to and can
 * lose, delay, tear or hold exactly these. Only for listeners without TLS. Every fault answers with a rule: `applied` and
 * `happened()` tell whether it took place. Faults of the network as a whole are TcpProxy's: `block`, `halfOpen`, `delay`, `refuse`,
 * `cutConnections`. The node must advertise the proxy's address: `startKafka({ nodes: 3, proxied: true })` sees to it.
 */
export class KafkaProxy extends TcpProxy {
  readonly #counts = new Map<string, ApiCount>()
  readonly #drops: Armed<DropResponses>[] = []
  readonly #delays: Armed<DelayResponses>[] = []
  readonly #cuts: Armed<CutAfter>[] = []
  readonly #holds: HeldRequests[] = []
  readonly #pending = new WeakMap<Link, Pending[]>()

  /** Listens on a loopback port (a free one unless told) and relays to `targetPort`. */
  static async listen({ port, targetPort }: { port?: number; targetPort: number }): Promise<KafkaProxy> {
    const proxy = new KafkaProxy(await TcpProxy.portOr(port), targetPort)
    await proxy.accept()
    return proxy
  }

  /** What passed of an API so far; held requests count when they are let go, lost answers not at all. */
  count(api: string): Readonly<ApiCount> {
    return { ...(this.#counts.get(api) ?? { requests: 0, responses: 0 }) }
  }

  /** What passed of every API so far. */
  counts(): Record<string, ApiCount> {
    return Object.fromEntries([...this.#counts].map(([api, count]) => [api, { ...count }]))
  }

  /** The node executes the next requests of an API and its answers never arrive: the outcome is unknown to the client. */
  dropResponses(fault: DropResponses): FaultRule {
    return add(this.#drops, new FaultRule('dropped response of', fault), fault)
  }

  /** The answers to the next requests of an API come late. */
  delayResponses(fault: DelayResponses): FaultRule {
    return add(this.#delays, new FaultRule('delayed response of', fault), fault)
  }

  /** The next request of an API, or its answer, is torn: so many bytes pass, then the connection is cut. */
  cutAfter(fault: CutAfter): FaultRule {
    return add(this.#cuts, new FaultRule('torn', fault), fault)
  }

  /**
   * Holds the next requests of an API on their way to the node, and what their clients send behind them on the same connection.
   * `release()` lets them go, also long after their clients gave up and closed: so a node appends what a closed connection sent,
   * as a frozen leader does when it wakes up.
   */
  holdRequests(filter: RequestFilter): HeldRequests {
    const held = new HeldRequests(filter)
    this.#holds.push(held)
    return held
  }

  /** Takes back the network's faults and every rule that still waits; held requests go on. */
  override heal(): void {
    super.heal()
    for (const [rule] of [...this.#drops, ...this.#delays, ...this.#cuts]) rule.cancel()
    for (const held of this.#holds) held.release(0).catch(() => undefined)
  }

  /** Cuts everything; held requests are lost. */
  override async close(): Promise<void> {
    for (const held of this.#holds) held.discard()
    await super.close()
  }

  protected override async relayRequests(link: Link): Promise<void> {
    const frames = new FrameReader(link.client)
    const pending: Pending[] = []
    this.#pending.set(link, pending)
    for (let frame = await frames.next(kafkaFraming); frame; frame = await frames.next(kafkaFraming)) {
      const request = parseRequest(frame)
      link.clientName = request.clientId
      const held = this.#holds.find((each) => each.takes(request))
      if (held !== undefined) {
        held.applied++
        if (!(await held.passes)) return link.cut()
      }
      const takes = ([rule]: Armed<unknown>): boolean => rule.takes(request)
      const torn = this.#cuts.find((each) => each[1].frame !== 'response' && takes(each))
      if (torn) return this.#tear(link, torn, frame, 'to-server')
      const drop = this.#drops.find(takes)
      const cut = this.#cuts.find((each) => each[1].frame === 'response' && takes(each))
      const delay = this.#delays.find(takes)
      pending.push({ request, held, drop, cut, delay })
      this.#counted(request).requests++
      await this.pass(link, 'to-server', frame)
    }
  }

  protected override async relayAnswers(link: Link): Promise<void> {
    const frames = new FrameReader(link.server)
    for (let frame = await frames.next(kafkaFraming); frame; frame = await frames.next(kafkaFraming)) {
      const pending = this.#answeredBy(link, frame)
      if (pending?.held) pending.held.answered++
      if (pending?.drop) loseAnswer(link, pending.drop)
      if (link.isMute) continue
      if (pending?.cut) return this.#tear(link, pending.cut, frame, 'to-client')
      if (pending?.delay) {
        pending.delay[0].applied++
        await sleep(pending.delay[1].delayMs)
      }
      if (pending) this.#counted(pending.request).responses++
      await this.pass(link, 'to-client', frame)
    }
  }

  async #tear(link: Link, [rule, { bytes }]: Armed<CutAfter>, frame: Buffer, direction: Direction): Promise<void> {
    await this.pass(link, direction, frame.subarray(0, bytes))
    // end, not destroy: what was written must get there first
    await new Promise<void>((resolve) => (direction === 'to-server' ? link.server : link.client).end(resolve))
    link.cut()
    rule.applied++
  }

  /** Answers come in the order of the requests; one that asked for none (acks=0) has none. */
  #answeredBy(link: Link, frame: Buffer): Pending | undefined {
    const pending = this.#pending.get(link) ?? []
    const index = pending.findIndex(({ request }) => request.correlationId === answeredId(frame))
    return index < 0 ? undefined : pending.splice(0, index + 1)[index]
  }

  #counted({ api }: KafkaRequest): ApiCount {
    const count = this.#counts.get(api) ?? { requests: 0, responses: 0 }
    this.#counts.set(api, count)
    return count
  }
}

function loseAnswer(link: Link, [rule, { connection = 'close' }]: Armed<DropResponses>): void {
  link.isMute = true
  if (connection === 'close') link.cut()
  rule.applied++
}

function add<Fault>(rules: Armed<Fault>[], rule: FaultRule, fault: Fault): FaultRule {
  rules.push([rule, fault])
  return rule
}
