import { once } from 'node:events'
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net'

/** Clients served at once; one more is cut off on arrival. */
const CONNECTIONS_MAX = 4096

/** A listening port with the connections that came in through it. */
export class Listener {
  readonly port: number
  readonly #server: Server
  readonly #sockets: Set<Socket>

  private constructor(server: Server, sockets: Set<Socket>, address: AddressInfo) {
    this.#server = server
    this.#sockets = sockets
    this.port = address.port
  }

  /** Listens on `host`; port 0 takes a free one. `serve` gets every connection. */
  static async open(host: string, port: number, serve: (socket: Socket) => void): Promise<Listener> {
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      serve(socket)
    })
    server.maxConnections = CONNECTIONS_MAX
    server.listen({ host, port })
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('the broker listens on no TCP port')
    return new Listener(server, sockets, address)
  }

  /** Cuts every connection; the port stays ours. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.cutAll()
    await closed
  }
}
