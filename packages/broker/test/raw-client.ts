import { once } from 'node:events'
import { type Socket, connect } from 'node:net'
import { requestHeaderCodec } from '../src/generated/request-header.js'
import { responseHeaderCodec } from '../src/generated/response-header.js'
import type { Codec } from '../src/protocol/codec.js'
import { Reader } from '../src/protocol/reader.js'
import { Writer } from '../src/protocol/writer.js'

/** A connection that says exactly what a test wants, in any version and any order, garbage included. */
export class RawClient {
  readonly #socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #correlationId = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk])
    })
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new RawClient(socket)
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  /** Sends a request and answers its correlation id. */
  send<T>(codec: Codec<T>, version: number, message: T): number {
    const writer = new Writer()
    const header = {
      requestApiKey: codec.apiKey,
      requestApiVersion: version,
      correlationId: ++this.#correlationId,
      clientId: 'raw',
    }
    requestHeaderCodec.write(writer, version >= codec.flexibleFrom ? 2 : 1, header)
    codec.write(writer, version, message)
    const size = Buffer.alloc(4)
    size.writeInt32BE(writer.length)
    this.#socket.write(Buffer.concat([size, ...writer.parts()]))
    return this.#correlationId
  }

  /** The next response; rejects when the connection closes or nothing comes within 5 s. */
  async receive<T>(codec: Codec<T>, version: number): Promise<{ correlationId: number; message: T }> {
    const whole = (): boolean =>
      this.#received.length >= 4 && this.#received.length >= 4 + this.#received.readInt32BE(0)
    while (!whole()) await this.#event('data')
    const end = 4 + this.#received.readInt32BE(0)
    const reader = new Reader(this.#received.subarray(4, end))
    this.#received = this.#received.subarray(end)
    const flexible = version >= codec.flexibleFrom && codec.name !== 'ApiVersionsResponse'
    const { correlationId } = responseHeaderCodec.read(reader, flexible ? 1 : 0)
    const message = codec.read(reader, version)
    if (reader.remaining > 0) throw new Error(`${reader.remaining} bytes left over in ${codec.name}`)
    return { correlationId, message }
  }

  async closed(): Promise<void> {
    if (!this.#socket.closed) await this.#event('close')
  }

  async #event(name: 'data' | 'close'): Promise<void> {
    if (this.#socket.destroyed && name === 'data') throw new Error('the connection was closed')
    const gone = new AbortController()
    const closed = once(this.#socket, 'close', { signal: gone.signal }).then(() => {
      if (name === 'data') throw new Error('the connection was closed')
    })
    const deadline = AbortSignal.timeout(5000)
    const arrived =
      name === 'data' ? once(this.#socket, 'data', { signal: AbortSignal.any([gone.signal, deadline]) }) : closed
    try {
      await Promise.race([arrived, closed])
    } finally {
      closed.catch(() => {})
      arrived.catch(() => {})
      gone.abort()
    }
  }

  close(): void {
    this.#socket.destroy()
  }
}
