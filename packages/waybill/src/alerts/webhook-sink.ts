import { causeText, WaybillError } from '../model/errors.js'
import type { AlertSink } from '../ports/alert-sink.js'
import type { Clock } from '../ports/clock.js'
import type { Alert } from '../ports/outbox-store.js'
import { secretKey, signature } from './signature.js'

/** Options of `webhookSink`. */
export interface WebhookOptions {
  /** Names the sink in the store; keep it stable. Default `webhook`. */
  readonly name?: string
  /** http or https. Redirects are not followed: they would carry the alert to a place nobody configured. */
  readonly url: string
  /** `whsec_` and base64 of 24 to 64 random bytes, shared with the receiver. */
  readonly secret: string
  /** Sent with every request, e.g. an authorization of the receiver's gateway. */
  readonly headers?: Readonly<Record<string, string>>
  /** How long one request may take, ms. Default 5000; the relay gives up after 10 000 in any case. */
  readonly timeoutMs?: number
  /** Paces the deadline and dates the requests. */
  readonly clock: Clock
}

const defaultTimeoutMs = 5_000
const own = new Set(['content-type', 'webhook-id', 'webhook-timestamp', 'webhook-signature'])

/**
 * Sends each alert as a signed JSON POST (Standard Webhooks): `webhook-id` is the same for every try of one alert and state,
 * so a receiver that keeps it sees each once; `webhook-timestamp` is when the try was made; `webhook-signature` is
 * `v1,` and base64 of HMAC-SHA256(secret, "id.timestamp.body"). Any 2xx answer means delivered; everything else, redirects
 * included, is a failed try. Errors name neither the secret nor the URL's path, which may hold a token.
 * Throws WB_OPTION_INVALID.
 */
export function webhookSink(options: WebhookOptions): AlertSink {
  const { name = 'webhook', timeoutMs = defaultTimeoutMs, clock, headers = {} } = options
  const url = urlOf(options.url)
  const key = secretKey(options.secret)
  for (const header of Object.keys(headers))
    if (own.has(header.toLowerCase()))
      throw new WaybillError('WB_OPTION_INVALID', `the webhook sets the header ${header} itself; leave it out`)
  return {
    name,
    async deliver(alert, state, signal) {
      const body = bodyOf(alert, state)
      const id = `alert_${alert.openedAtMs}_${alert.id}_${state}`
      const timestamp = String(Math.floor(clock.wallMs() / 1000))
      const signed = {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': signature(key, id, timestamp, body),
      }
      const deadline = new AbortController()
      const late = clock.sleep(timeoutMs, deadline.signal).then(() => deadline.abort())
      try {
        await post(url, { ...headers, ...signed }, body, AbortSignal.any([signal, deadline.signal]))
      } catch (error) {
        throw deadline.signal.aborted && !signal.aborted
          ? new Error(`${url.origin} did not answer within ${timeoutMs} ms`, { cause: error })
          : error
      } finally {
        deadline.abort()
        await late
      }
    },
  }
}

async function post(url: URL, headers: Record<string, string>, body: string, signal: AbortSignal): Promise<void> {
  let answer: Response
  try {
    answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal })
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
    throw new Error(`${url.origin} was not reached: ${causeText(cause)}`, { cause: error })
  }
  // The body is not read, and an open one would keep the connection.
  await answer.body?.cancel()
  if (answer.ok) return
  const what = answer.status >= 300 && answer.status < 400 ? ', and redirects are not followed' : ''
  throw new Error(`${url.origin} answered ${answer.status}${what}`)
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === '')
    return url
  throw new WaybillError(
    'WB_OPTION_INVALID',
    'a webhook url is http:// or https:// without user and password; credentials go into the option headers',
  )
}

function bodyOf({ id, cause, kind, detail, openedAtMs, resolvedAtMs }: Alert, state: 'opened' | 'resolved'): string {
  const openedAt = new Date(openedAtMs).toISOString()
  const resolvedAt = state === 'resolved' ? new Date(resolvedAtMs ?? openedAtMs).toISOString() : null
  const data = { id, state, kind, cause, detail, openedAt, resolvedAt }
  return JSON.stringify({ type: `waybill.alert.${state}`, timestamp: resolvedAt ?? openedAt, data })
}
