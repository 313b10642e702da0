import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WaybillError } from '../model/errors.js'
import type { Clock } from '../ports/clock.js'
import { UsageError } from './command.js'

/** What a path answers. */
export interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

/** Where to listen. */
export interface Listen {
  readonly host: string
  readonly port: number
}

const answerMs = 5_000
const requestMs = 10_000
const connectionsMax = 50

/** `127.0.0.1:9464`, `[::1]:9464`, `9464` (loopback); undefined for `none`. */
export function listenOf(text: string): Listen | undefined {
  if (text === 'none') return undefined
  const [, six, host, port] = /^(?:(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]/]+)):)?(\d{1,5})$/.exec(text) ?? []
  if (port === undefined || Number(port) > 65_535)
    throw new UsageError(`--listen is ${JSON.stringify(text)}; it must be host:port, [ipv6]:port, port or none`)
  return { host: six ?? host ?? '127.0.0.1', port: Number(port) }
}

/** True when only this machine can reach it. */
export function isLoopback({ host }: Listen): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

/** A small read-only HTTP server: GET and HEAD of known paths, deadlines on requests and answers, few connections. */
export class Endpoint {
  readonly #server: Server
  readonly #clock: Clock
  readonly #routes: ReadonlyMap<string, () => Promise<Answer>>

  constructor(routes: ReadonlyMap<string, () => Promise<Answer>>, clock: Clock) {
    this.#routes = routes
    this.#clock = clock
    this.#server = createServer({ requestTimeout: requestMs, headersTimeout: requestMs, keepAliveTimeout: answerMs })
    this.#server.maxConnections = connectionsMax
    this.#server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      // A client that went away meanwhile is nobody's fault.
      this.#serve(request, response).catch(() => response.destroy())
    })
  }

  /** Listens; resolves with the real port. */
  listen({ host, port }: Listen): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => {
        const fix = 'choose another --listen host:port, or --listen none'
        reject(new WaybillError('WB_OPTION_INVALID', `cannot listen on ${host}:${port}: ${error.message}; ${fix}`))
      })
      this.#server.listen(port, host, () => resolve((this.#server.address() as AddressInfo).port))
    })
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume()
    const answer = await this.#answer(request)
    response.writeHead(answer.status, {
      'content-type': answer.type,
      'content-length': Buffer.byteLength(answer.body),
      'cache-control': 'no-store',
    })
    response.end(request.method === 'HEAD' ? '' : answer.body)
  }

  async #answer({ method, url = '' }: IncomingMessage): Promise<Answer> {
    const route = this.#routes.get(url.split('?', 1)[0] ?? '')
    if (!route) return plain(404, `not found; there are ${[...this.#routes.keys()].join(', ')}`)
    if (method !== 'GET' && method !== 'HEAD') return plain(405, 'GET or HEAD')
    const answered = new AbortController()
    const late = this.#clock.sleep(answerMs, answered.signal).then(() => plain(503, `no answer in ${answerMs} ms`))
    try {
      return await Promise.race([route(), late])
    } catch (error) {
      return plain(500, error instanceof Error ? error.message : String(error))
    } finally {
      answered.abort()
    }
  }
}

function plain(status: number, text: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: `${text}\n` }
}
