import { createServer, connect, type Server, type Socket } from 'node:net'

/** Kafka's API keys of the requests whose answers are cut off. */
export const apiKeys = { Produce: 0, OffsetCommit: 8 } as const

/**
 * A TCP relay in front of one Kafka node that can swallow an answer: it watches the requests go by (each is a 4-byte length and
 * an API key), and when it is armed for an API and a request of it has passed, it cuts the connection as soon as the node answers: the
 * request was executed and its answer never arrives.
 */
export class CuttingProxy implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #targetPort: number
  #armedFor: number | undefined

  private constructor(targetPort: number) {
    this.#targetPort = targetPort
    this.#server = createServer((client) => this.#relay(client))
  }

  /** Listens on this loopback port and relays to the other. */
  static async listen(port: number, targetPort: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(targetPort)
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject).listen(port, '127.0.0.1', resolve)
    })
    return proxy
  }

  /** The answer to the next request of this API is cut off. */
  cutNext(api: keyof typeof apiKeys): void {
    this.#armedFor = apiKeys[api]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #relay(client: Socket): void {
    const node = connect(this.#targetPort, '127.0.0.1')
    const frames = new FrameWatch()
    let isCut = false
    const end = (): void => {
      client.destroy()
      node.destroy()
      this.#sockets.delete(client)
      this.#sockets.delete(node)
    }
    for (const socket of [client, node]) {
      this.#sockets.add(socket)
      socket.setNoDelay(true).on('error', end).on('close', end)
    }
    client.on('data', (chunk) => {
      const seen = frames.apiKeysIn(chunk)
      if (this.#armedFor !== undefined && seen.includes(this.#armedFor)) {
        this.#armedFor = undefined
        isCut = true
      }
      node.write(chunk)
    })
    node.on('data', (chunk) => {
      if (isCut) end()
      else client.write(chunk)
    })
  }
}

/** Follows length-prefixed frames through chunks of any size. */
class FrameWatch {
  #head = Buffer.alloc(0)
  #bytesToSkip = 0

  /** API keys of the requests whose first six bytes end in this chunk. */
  apiKeysIn(chunk: Buffer): number[] {
    const keys: number[] = []
    let rest = chunk
    while (rest.length > 0) {
      const skipped = Math.min(this.#bytesToSkip, rest.length)
      this.#bytesToSkip -= skipped
      rest = rest.subarray(skipped)
      if (rest.length === 0) break
      const taken = Math.min(6 - this.#head.length, rest.length)
      this.#head = Buffer.concat([this.#head, rest.subarray(0, taken)])
      rest = rest.subarray(taken)
      if (this.#head.length < 6) break
      keys.push(this.#head.readInt16BE(4))
      this.#bytesToSkip = this.#head.readInt32BE(0) - 2
      this.#head = Buffer.alloc(0)
    }
    return keys
  }
}
