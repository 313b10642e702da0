import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { FaultControls } from './faults.js'
import type { DelayResponses, DropResponses, ErrorNext } from './switches.js'

/** The running control port. */
export interface FaultsHttp {
  readonly url: string
  close(): Promise<void>
}

const BODY_BYTES_MAX = 65_536

type Body = Readonly<Record<string, unknown>>
type Route = (faults: FaultControls, body: Body) => void | Promise<void>

/** One row per switch: POST /faults/<name> with a JSON object. GET /faults answers the snapshot. */
const ROUTES: Readonly<Record<string, Route>> = {
  'drop-responses': (faults, body) => faults.dropResponses(dropRule(body)),
  'error-next': (faults, body) => faults.errorNext(errorRule(body)),
  'delay-responses': (faults, body) => faults.delayResponses(delayRule(body)),
  'disk-full': (faults, body) => faults.diskFull(flag(body, 'on', true)),
  crash: (faults, body) => faults.crash({ restart: flag(body, 'restart', true) }),
  'power-loss': (faults, body) => faults.powerLoss({ restart: flag(body, 'restart', true) }),
  start: (faults) => faults.start(),
  'expire-producers': (faults) => faults.expireProducers(),
  'expire-offsets': (faults, body) => {
    faults.expireOffsets(text(body, 'group'))
  },
  'move-coordinator': (faults) => faults.moveCoordinator(),
  clear: (faults) => faults.clear(),
}

/**
 * Opens the control port. Anyone who can reach it can break the broker, so it listens on the broker's host only, and
 * asks for JSON: a web page cannot send that across origins without being allowed to.
 */
export async function openFaultsHttp(faults: FaultControls, host: string, port: number): Promise<FaultsHttp> {
  const server = createServer((request, response) => {
    answer(faults, request).then(
      (value) => reply(response, 200, value),
      (error: unknown) =>
        reply(response, error instanceof Refusal ? error.status : 400, {
          error: String(error instanceof Error ? error.message : error),
        }),
    )
  })
  server.listen({ host, port })
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the control listens on no TCP port')
  return {
    url: `http://${address.address}:${address.port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

class Refusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

async function answer(faults: FaultControls, request: IncomingMessage): Promise<unknown> {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname
  if (path === '/faults' && request.method === 'GET') return faults.snapshot()
  const name = path.startsWith('/faults/') ? path.slice('/faults/'.length) : ''
  const route = Object.hasOwn(ROUTES, name) ? ROUTES[name] : undefined
  if (!route) throw new Refusal(404, `no such switch; there are: ${Object.keys(ROUTES).join(', ')}`)
  if (request.method !== 'POST') throw new Refusal(405, 'switches are pulled with POST')
  await route(faults, await readBody(request))
  return faults.snapshot()
}

async function readBody(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > BODY_BYTES_MAX) throw new Refusal(413, `at most ${BODY_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  // Also without a body: a web page may post to any address, but not with this content type.
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? ''))
    throw new Refusal(415, 'send content-type: application/json')
  if (bytes === 0) return {}
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new Refusal(400, 'send a JSON object')
  return { ...body }
}

function text(body: Body, name: string): string {
  const value = body[name]
  if (typeof value === 'string') return value
  throw new Refusal(400, `'${name}' must be a string`)
}

function whole(body: Body, name: string, otherwise?: number): number {
  const value = body[name] ?? otherwise
  if (typeof value === 'number' && Number.isInteger(value)) return value
  throw new Refusal(400, `'${name}' must be a whole number`)
}

function flag(body: Body, name: string, otherwise: boolean): boolean {
  const value = body[name] ?? otherwise
  if (typeof value === 'boolean') return value
  throw new Refusal(400, `'${name}' must be true or false`)
}

function dropRule(body: Body): DropResponses {
  return { api: text(body, 'api'), count: whole(body, 'count', 1), every: whole(body, 'every', 1) }
}

function errorRule(body: Body): ErrorNext {
  const rule = { api: text(body, 'api'), count: whole(body, 'count', 1), errorCode: whole(body, 'errorCode') }
  return body['topic'] === undefined ? rule : { ...rule, topic: text(body, 'topic') }
}

function delayRule(body: Body): DelayResponses {
  return { api: text(body, 'api'), count: whole(body, 'count', 1), delayMs: whole(body, 'delayMs') }
}

function reply(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(`${JSON.stringify(value)}\n`)
}
