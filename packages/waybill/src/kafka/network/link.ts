import { isIP, type Socket } from 'node:net'
import { apiVersionsV3, Connection } from '@platformatic/kafka'
import type { Clock } from '../../ports/clock.js'
import { type Address, addressText, type KafkaSettings } from '../options.js'
import { withDeadline } from './deadline.js'

/** A connection that could not be made, was lost, or whose answer did not come in time. */
export class LinkError extends Error {
  override readonly name = 'LinkError'
  /** Whether we gave up waiting, rather than the connection ending. */
  readonly isTimeout: boolean

  constructor(message: string, { isTimeout = false, cause }: { isTimeout?: boolean; cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.isTimeout = isTimeout
  }
}

/** The library's own request timer must never fire before ours: after it the connection reads the late answer as garbage. */
const libraryTimeoutMs = 24 * 60 * 60 * 1000
const noListener = (): void => {}

/**
 * One connection to one broker. What `Connection` leaves to its user is done here: every wait has a deadline after which the
 * connection is closed (it cannot be used after a timeout: the library stops reading at the late answer); 'error' events
 * always have a listener (else a reset socket ends the process); `close` also destroys a socket that the library forgot
 * (after a failed SASL exchange it only half-closes it).
 */
export class Link {
  readonly address: Address
  readonly #clock: Clock
  readonly #connection: Connection
  #versions: ReadonlyMap<number, { readonly min: number; readonly max: number }> = new Map()

  private constructor(address: Address, settings: KafkaSettings, clock: Clock) {
    this.address = address
    this.#clock = clock
    this.#connection = new Connection(settings.clientId, {
      connectTimeout: settings.connectTimeoutMs,
      requestTimeout: libraryTimeoutMs,
      maxInflights: 1000,
      tlsServerName: isIP(address.host) === 0,
      ...(settings.tls && { tls: settings.tls }),
      ...(settings.sasl && { sasl: settings.sasl }),
    })
    this.#connection.on('error', noListener)
  }

  /** Connects, authenticates and asks for the broker's API versions. Rejects with LinkError, nothing left open. */
  static async open(address: Address, settings: KafkaSettings, clock: Clock): Promise<Link> {
    const link = new Link(address, settings, clock)
    try {
      await link.#connect(settings.connectTimeoutMs)
      const answer = await link.call('ApiVersions', settings.requestTimeoutMs, (connection) =>
        apiVersionsV3.api.async(connection, 'waybill', '0.1.0'),
      )
      link.#versions = new Map(answer.apiKeys.map((api) => [api.apiKey, { min: api.minVersion, max: api.maxVersion }]))
      return link
    } catch (error) {
      link.close()
      throw error instanceof LinkError ? error : new LinkError(describe(error), { cause: error })
    }
  }

  /** Whether a request written now goes to a connected, authenticated socket. False while SASL renews its session. */
  get isOpen(): boolean {
    return this.#connection.isConnected() && this.#connection.socket.writable
  }

  /** Whether the broker offers this version of this API. */
  offers(apiKey: number, version: number): boolean {
    const range = this.#versions.get(apiKey)
    return range !== undefined && range.min <= version && version <= range.max
  }

  /** Waits until a running SASL renewal is over. Rejects with LinkError when the connection is gone. */
  async ready(waitMs: number): Promise<void> {
    if (this.isOpen) return
    if (this.#connection.status !== 'reauthenticating') throw new LinkError(`${this} is closed`)
    await this.#inTime('SASL renewal', waitMs, this.#connection.ready())
  }

  /**
   * Sends one request and waits at most `waitMs` for its answer. Rejects with LinkError when no answer came (the connection
   * is closed then) and with the library's error when the answer holds an error or does not parse.
   */
  async call<T>(what: string, waitMs: number, send: (connection: Connection) => Promise<T>): Promise<T> {
    await this.ready(waitMs)
    return this.#inTime(what, waitMs, send(this.#connection))
  }

  /** As `call`, but the request is written before this returns: the caller has just looked at `isOpen` and at the clock. */
  write<T>(what: string, waitMs: number, send: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#inTime(what, waitMs, send(this.#connection))
  }

  /** Closes at once; requests under way reject. Safe twice. */
  close(): void {
    const socket = this.#connection.socket as Socket | undefined // none before the first connect
    this.#connection.close(noListener)
    // close() took the socket's listeners away; a late reset without one would end the process.
    socket?.on('error', noListener)
    socket?.destroy()
  }

  toString(): string {
    return addressText(this.address)
  }

  async #connect(waitMs: number): Promise<void> {
    const { host, port } = this.address
    const connecting = Promise.resolve(this.#connection.connect(host, port))
    this.#connection.socket.on('error', noListener)
    await this.#inTime('connecting', waitMs, connecting)
  }

  async #inTime<T>(what: string, waitMs: number, work: Promise<T>): Promise<T> {
    let waited: { inTime: true; value: T } | { inTime: false }
    try {
      waited = await withDeadline(this.#clock, waitMs, work)
    } catch (error) {
      if (this.isOpen) throw error
      throw new LinkError(`${what} at ${this}: ${describe(error)}`, { cause: error })
    }
    if (waited.inTime) return waited.value
    this.close()
    throw new LinkError(`${what} at ${this}: no answer within ${Math.round(waitMs)} ms`, { isTimeout: true })
  }
}

/** An error with its causes in one line: the library's own text alone is "Connection to … failed." */
export function describe(error: unknown): string {
  const texts: string[] = []
  for (let at: unknown = error; at instanceof Error && texts.length < 4; at = at.cause) {
    const code = 'code' in at && typeof at.code === 'string' && !at.code.startsWith('PLT_') ? at.code : ''
    const text = at.message || code || at.name
    if (!texts.some((known) => known.includes(text))) texts.push(text)
  }
  return texts.length > 0 ? texts.join(': ') : String(error)
}
