import { createServer, type Server, type Socket } from 'node:net'

/** What a scripted broker does with a request: answer with a body, say nothing, end the connection (FIN) or reset it (RST). */
export type Reaction = Buffer | 'silence' | 'cut' | 'reset'

/** A request as it came in; `body` starts after the header. */
export interface Received {
  readonly apiKey: number
  readonly version: number
  readonly body: Buffer
}

/** Reaction per API key. An API without one gets silence. */
export type Script = Readonly<Record<number, (request: Received, port: number) => Reaction | Promise<Reaction>>>

export const produceKey = 0
export const metadataKey = 3
export const apiVersionsKey = 18
export const describeConfigsKey = 32

/** A TCP server that speaks just enough Kafka to misbehave on purpose. */
export class ScriptedBroker implements AsyncDisposable {
  readonly received: Received[] = []
  readonly #sockets = new Set<Socket>()
  readonly #script: Script
  readonly #server: Server
  #port = 0

  private constructor(script: Script) {
    this.#script = script
    this.#server = createServer((socket) => this.#serve(socket))
  }

  static async start(script: Script): Promise<ScriptedBroker> {
    const broker = new ScriptedBroker({
      [apiVersionsKey]: () => apiVersions(13),
      [metadataKey]: (_, port) => metadata(port),
      ...script,
    })
    await new Promise<void>((resolve) => broker.#server.listen(0, '127.0.0.1', resolve))
    const address = broker.#server.address()
    broker.#port = typeof address === 'object' && address !== null ? address.port : 0
    return broker
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`
  }

  /** Connections open now. */
  get connectionCount(): number {
    return this.#sockets.size
  }

  count(apiKey: number): number {
    return this.received.filter((each) => each.apiKey === apiKey).length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket))
    let pending = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk])
      while (pending.length >= 4 && pending.length >= 4 + pending.readInt32BE(0)) {
        const frame = pending.subarray(4, 4 + pending.readInt32BE(0))
        pending = pending.subarray(4 + frame.length)
        this.#react(socket, frame).catch((error: unknown) => socket.destroy(error as Error))
      }
    })
  }

  async #react(socket: Socket, frame: Buffer): Promise<void> {
    const request: Received = {
      apiKey: frame.readInt16BE(0),
      version: frame.readInt16BE(2),
      body: frame.subarray(8 + 2 + frame.readInt16BE(8) + 1),
    }
    this.received.push(request)
    const reaction = (await this.#script[request.apiKey]?.(request, this.#port)) ?? 'silence'
    if (reaction === 'cut') socket.destroy()
    if (reaction === 'reset') socket.resetAndDestroy()
    if (!Buffer.isBuffer(reaction)) return
    // ApiVersions answers with the old response header, all others here with tagged fields in it.
    const header = Buffer.concat([frame.subarray(4, 8), Buffer.alloc(request.apiKey === apiVersionsKey ? 0 : 1)])
    socket.write(Buffer.concat([int32(header.length + reaction.length), header, reaction]))
  }
}

export const topicId = '00112233445566778899aabbccddeeff'
export const noTags: Buffer = Buffer.alloc(1)

export function int8(value: number): Buffer {
  return Buffer.from([value & 0xff])
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}

/** A compact string; null as 0. */
export function text(value: string | null): Buffer {
  return value === null ? int8(0) : Buffer.concat([int8(value.length + 1), Buffer.from(value)])
}

/** A compact array of fewer than 127 entries. */
export function array(entries: readonly Buffer[]): Buffer {
  return Buffer.concat([int8(entries.length + 1), ...entries])
}

/** Everything waybill asks for, and Produce up to this version. */
export function apiVersions(produceMax: number): Buffer {
  const offered = [0, 1, 2, 3, 18, 19, 22, 23, 32]
  const entries = offered.map((key) =>
    Buffer.concat([int16(key), int16(0), int16(key === produceKey ? produceMax : 20), noTags]),
  )
  return Buffer.concat([int16(0), array(entries), int32(0), noTags])
}

/** One broker, node 1, at this port; topic `t` with one partition led by it. */
export function metadata(port: number): Buffer {
  const broker = Buffer.concat([int32(1), text('127.0.0.1'), int32(port), text(null), noTags])
  const nodes = array([int32(1)])
  const partition = Buffer.concat([int16(0), int32(0), int32(1), int32(0), nodes, nodes, array([]), noTags])
  const id = Buffer.from(topicId, 'hex')
  const topic = Buffer.concat([int16(0), text('t'), id, int8(0), array([partition]), int32(0), noTags])
  return Buffer.concat([int32(0), array([broker]), text('cluster'), int32(1), array([topic]), noTags])
}

/** What an answer says about one partition. */
export interface PartitionProduced {
  readonly errorCode?: number
  readonly baseOffset?: bigint
  readonly partition?: number
  readonly tags?: Buffer
}

/** An answer to Produce v13 for topic `t`, partition 0 unless told, and more partitions if given. */
export function produced(
  first: PartitionProduced & { readonly endTags?: Buffer },
  name: Buffer = Buffer.from(topicId, 'hex'),
  ...more: PartitionProduced[]
): Buffer {
  const partitions = [first, ...more].map(({ errorCode = 0, baseOffset = 5n, partition = 0, tags = noTags }) => {
    const offsets = [int64(baseOffset), int64(-1n), int64(0n)]
    return Buffer.concat([int32(partition), int16(errorCode), ...offsets, array([]), text(null), tags])
  })
  return Buffer.concat([array([Buffer.concat([name, array(partitions), noTags])]), int32(0), first.endTags ?? noTags])
}
