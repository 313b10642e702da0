import { randomBytes } from 'node:crypto'

/** Kafka's text form of 16 zero bytes: "no id". */
export const ZERO_UUID: string = 'AAAAAAAAAAAAAAAAAAAAAA'

/** A fresh id in Kafka's text form: 16 bytes, base64url without padding (org.apache.kafka.common.Uuid). */
export function newUuid(): string {
  for (;;) {
    const text = randomBytes(16).toString('base64url')
    // Kafka never hands out ids that begin with a dash: they look like an option on a command line.
    if (!text.startsWith('-')) return text
  }
}
