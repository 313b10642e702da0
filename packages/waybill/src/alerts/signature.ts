import { createHmac } from 'node:crypto'
import { WaybillError } from '../model/errors.js'

const prefix = 'whsec_'
const bytesMin = 24
const bytesMax = 64

/**
 * Key of a Standard Webhooks secret: `whsec_` and base64 of 24 to 64 bytes. WB_OPTION_INVALID otherwise, without the secret
 * in the text: errors are logged.
 */
export function secretKey(secret: string): Uint8Array {
  const key = secret.startsWith(prefix) ? Buffer.from(secret.slice(prefix.length), 'base64') : Buffer.alloc(0)
  // Buffer.from skips what is not base64, so a cut or mistyped secret would sign with another key.
  const isExact = `${prefix}${key.toString('base64')}`.replace(/=+$/, '') === secret.replace(/=+$/, '')
  if (isExact && key.length >= bytesMin && key.length <= bytesMax) return key
  throw new WaybillError(
    'WB_OPTION_INVALID',
    `a webhook secret is "${prefix}" and base64 of ${bytesMin} to ${bytesMax} random bytes; make one with: ` +
      `node -p "'${prefix}' + crypto.randomBytes(32).toString('base64')"`,
  )
}

/** The value of `webhook-signature` (https://www.standardwebhooks.com, version v1): HMAC-SHA256 of `id.timestamp.body`. */
export function signature(key: Uint8Array, id: string, timestamp: string, body: string): string {
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}
