import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../cluster/free-ports.js'
import { until } from '../cluster/until.js'

/** Which way bytes go. */
export type Direction = 'to-server' | 'to-client'

/** One connection through a proxy: the client's socket and the one to the server. */
export class Link {
  readonly client: Socket
  readonly server: Socket
  /** What the client calls itself, once it has said so. */
  clientName: string | undefined
  /** Nothing goes to the client any more, and it is not told: its connection hangs. */
  isMute = false
  /** The server's side is gone and the client is not told. */
  isHalfOpen = false

  constructor(client: Socket, server: Socket) {
    this.client = client
    this.server = server
    for (const socket of [client, server]) socket.setNoDelay(true).on('error', ignore) // 'close' follows
  }

  /** Cuts both sides at once. Bytes that were already handed to the kernel still arrive. */
  cut(): void {
    this.client.destroy()
    this.server.destroy()
  }
}

/** Which connections a blockade is for: those whose client's name matches; all unless told. */
export interface Blockade {
  /** One way only; both ways unless told. */
  readonly direction?: Direction
  /** Only connections whose client calls itself so (Kafka: client id; PostgreSQL: application_name). */
  readonly client?: RegExp
}

/** Milliseconds that each frame waits, by direction; 0 unless told. */
export interface Latency {
  readonly toServerMs?: number
  readonly toClientMs?: number
}

/**
 * A TCP relay on loopback in front of one server, with the faults of a network: refused connections, cuts, one-way and two-way
 * blockades, half-open connections, latency. What knows a protocol (KafkaProxy, PostgresProxy) adds its own.
 *
 * Frames of one connection and direction pass one after the other. When the server is down, a client is accepted and cut at
 * once, where the server itself would have refused it: `refuse()` makes that as it is without a proxy.
 */
export abstract class TcpProxy implements AsyncDisposable {
  /** Where clients connect to. */
  readonly port: number
  /** Where the server listens. */
  readonly targetPort: number
  /** Connections that were accepted so far. */
  accepted = 0
  readonly #links = new Set<Link>()
  #server: Server | undefined
  #blockades: readonly Blockade[] = []
  #latency: Latency = {}
  #acceptsHalfOpen = false

  protected constructor(port: number, targetPort: number) {
    this.port = port
    this.targetPort = targetPort
  }

  /** A port for a proxy: the given one, else a free one. */
  protected static async portOr(port: number | undefined): Promise<number> {
    const [free] = port === undefined ? await freePorts(1) : [port]
    if (free === undefined) throw new Error('internal error: freePorts(1) found none')
    return free
  }

  /** `127.0.0.1:<port>` */
  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  /** Connections that are open now on the client's side. */
  get open(): number {
    return [...this.#links].filter(({ client }) => !client.destroyed).length
  }

  /** Listens (again). */
  async accept(): Promise<void> {
    if (this.#server !== undefined) return
    const server = createServer({ allowHalfOpen: true }, (client) => this.#join(client))
    this.#server = server
    server.listen(this.port, '127.0.0.1')
    await once(server, 'listening') // an 'error' rejects
  }

  /** Cuts every connection and refuses new ones, as a host whose server is down, until `accept()`. */
  async refuse(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    const closed = server && new Promise((resolve) => server.close(resolve))
    this.cutConnections()
    await closed
  }

  /** Cuts every connection (or those of these clients); new ones are accepted. Answers how many. */
  cutConnections({ client }: Pick<Blockade, 'client'> = {}): number {
    const cut = [...this.#links].filter((link) => client === undefined || client.test(link.clientName ?? ''))
    for (const link of cut) link.cut()
    return cut.length
  }

  /**
   * Lets nothing through any more, one way or both, until `heal()`; connections stay, and new ones are accepted. As in a real
   * partition the bytes are late, not lost: after `heal()` they arrive, also those of a client that has closed meanwhile.
   */
  block(blockade: Blockade = {}): void {
    this.#blockades = [...this.#blockades, blockade]
  }

  /** Every connection loses its server without being told, and new ones find none: they hang. New ones work after `heal()`. */
  halfOpen(): void {
    this.#acceptsHalfOpen = true
    for (const link of this.#links) loseServer(link)
  }

  /** Makes every frame wait. Replaces what was set before; `{}` takes it back. */
  delay(latency: Latency): void {
    this.#latency = latency
  }

  /** Takes back blockades, latency and half-open accepting. What already hangs half-open stays so. */
  heal(): void {
    this.#blockades = []
    this.#latency = {}
    this.#acceptsHalfOpen = false
  }

  /** Stops listening and cuts everything, held requests included. Safe twice. */
  async close(): Promise<void> {
    this.heal()
    await this.refuse()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Relays what the client sends until it ends. */
  protected abstract relayRequests(link: Link): Promise<void>

  /** Relays what the server sends until it ends. */
  protected abstract relayAnswers(link: Link): Promise<void>

  /** Whether this proxy still relays: false once it refuses or is closed. */
  protected get isRelaying(): boolean {
    return this.#server !== undefined
  }

  /** Hands bytes on when blockades and latency let them; does nothing when the other side is gone. */
  protected async pass(link: Link, direction: Direction, bytes: Buffer): Promise<void> {
    const waitMs = direction === 'to-server' ? this.#latency.toServerMs : this.#latency.toClientMs
    if (waitMs) await sleep(waitMs)
    await this.#passable(link, direction)
    const socket = direction === 'to-server' ? link.server : link.client
    if (!socket.writable || (direction === 'to-client' && link.isMute)) return
    if (socket.write(bytes)) return
    await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(ignore)
  }

  async #passable(link: Link, direction: Direction): Promise<void> {
    const isBlocked = (): boolean =>
      this.#blockades.some(
        (each) =>
          (each.direction ?? direction) === direction &&
          (each.client === undefined || each.client.test(link.clientName ?? '')),
      )
    if (!isBlocked()) return
    const ended = async (): Promise<boolean> => !isBlocked() || link.server.destroyed
    await until(ended, { what: 'the end of a blockade', deadlineMs: Number.POSITIVE_INFINITY, everyMs: 10 })
  }

  #join(client: Socket): void {
    this.accepted++
    const server = connect({ port: this.targetPort, host: '127.0.0.1', allowHalfOpen: true })
    const link = new Link(client, server)
    this.#links.add(link)
    for (const socket of [client, server]) {
      socket.once('close', () => {
        if (client.destroyed && server.destroyed) this.#links.delete(link)
      })
    }
    if (this.#acceptsHalfOpen) loseServer(link)
    this.#carryRequests(link).catch(ignore)
    this.#carryAnswers(link).catch(ignore)
  }

  /** The client's end reaches the server when all that it sent has: a held or blocked request outlives its connection. */
  async #carryRequests(link: Link): Promise<void> {
    await this.relayRequests(link).catch(ignore) // a cut connection
    link.server.end()
    if (link.isHalfOpen || link.isMute) link.client.destroy() // nobody answers it any more
  }

  async #carryAnswers(link: Link): Promise<void> {
    await this.relayAnswers(link).catch(ignore)
    link.server.destroy()
    if (!link.isHalfOpen && !link.isMute) link.client.end(() => link.client.destroy())
  }
}

function loseServer(link: Link): void {
  link.isHalfOpen = true
  link.server.destroy()
}

function ignore(): void {}
