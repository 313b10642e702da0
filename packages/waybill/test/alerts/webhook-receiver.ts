import { createServer } from 'node:http'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as it arrived. */
export interface Arrival {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** An HTTP server of the test's own that keeps what arrives; `answer` decides what each request gets, or nothing at all. */
export async function receiver(
  answer: (index: number, response: ServerResponse) => void,
): Promise<{ readonly url: string; readonly port: number; readonly arrivals: Arrival[]; close(): Promise<void> }> {
  const arrivals: Arrival[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      arrivals.push({ headers: request.headers, body: Buffer.concat(parts).toString() })
      answer(arrivals.length - 1, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hook/token-1`,
    port,
    arrivals,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Answers with this status and no body. */
export function status(response: ServerResponse, code: number, headers: Record<string, string> = {}): void {
  response.writeHead(code, headers).end()
}

/**
 * Verifies a request as a receiver does, by Web Crypto and the text of the specification; nothing of this is ours.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export async function isGenuine({ headers, body }: Arrival, secret: string): Promise<boolean> {
  const raw = Uint8Array.from(atob(secret.replace(/^whsec_/, '')), (char) => char.charCodeAt(0))
  const key = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
  const content = new TextEncoder().encode(
    `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`,
  )
  const [version, text = ''] = String(headers['webhook-signature']).split(',')
  const given = Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
  return version === 'v1' && crypto.subtle.verify('HMAC', key, given, content)
}
