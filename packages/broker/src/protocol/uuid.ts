import type { Random } from '../system/random.js'

/** Kafka's text form of 16 zero bytes: "no id". */
export const ZERO_UUID: string = 'AAAAAAAAAAAAAAAAAAAAAA'

/** Ids that begin with a dash are thrown away; a source that gives nothing else is broken. */
const TRIES_MAX = 100

/** A fresh id in Kafka's text form: 16 bytes, base64url without padding (org.apache.kafka.common.Uuid). */
export function newUuid(random: Random): string {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const text = Buffer.from(random.bytes(16)).toString('base64url')
    // Kafka never hands out ids that begin with a dash: they look like an option on a command line.
    if (!text.startsWith('-') && text !== ZERO_UUID) return text
  }
  throw new Error('the source of random bytes gives no usable id: its bytes do not change')
}
