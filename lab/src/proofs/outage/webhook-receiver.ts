import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An alert as it arrived. */
export interface Delivery {
  /** The same for every try of one alert in one state. */
  readonly id: string
  readonly state: 'opened' | 'resolved'
  readonly kind: string
  readonly cause: string
  readonly detail: string
  /** Whether the signature is the receiver's own HMAC of what arrived. */
  readonly isSigned: boolean
}

/** A receiver of webhooks on loopback that checks signatures by itself (Standard Webhooks). */
export class WebhookReceiver {
  readonly deliveries: Delivery[] = []
  readonly secret: string
  readonly #key: Buffer
  readonly #server: Server

  private constructor() {
    this.#key = randomBytes(32)
    this.secret = `whsec_${this.#key.toString('base64')}`
    this.#server = createServer((request, response) => {
      this.#take(request).then(
        () => response.writeHead(204).end(),
        () => response.writeHead(400).end(),
      )
    })
  }

  /** Listens on a free port. */
  static async listen(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver()
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve))
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/alerts`
  }

  /** Deliveries without the repeats of one that had arrived already. */
  distinct(): readonly Delivery[] {
    return [...new Map(this.deliveries.map((delivery) => [delivery.id, delivery])).values()]
  }

  close(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  async #take(request: IncomingMessage): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    const header = (name: string): string => String(request.headers[name] ?? '')
    const id = header('webhook-id')
    const signed = `${id}.${header('webhook-timestamp')}.${body}`
    const expected = Buffer.from(`v1,${createHmac('sha256', this.#key).update(signed).digest('base64')}`)
    const given = Buffer.from(header('webhook-signature'))
    const isSigned = given.length === expected.length && timingSafeEqual(given, expected)
    const { data } = JSON.parse(body) as { data: Omit<Delivery, 'id' | 'isSigned'> }
    const { state, kind, cause, detail } = data
    this.deliveries.push({ id, state, kind, cause, detail, isSigned })
  }
}
