import { protocolAPIsById } from '@platformatic/kafka'

/** What the head of a request says (Kafka's RequestHeader v1 and v2 begin alike). */
export interface KafkaRequest {
  /** Kafka's name of the API, such as `Produce` or `ConsumerGroupHeartbeat`; `api <key>` for an unknown one. */
  readonly api: string
  readonly version: number
  readonly correlationId: number
  readonly clientId: string | undefined
  /** The whole frame with its length: what is passed on. */
  readonly frame: Buffer
}

/** Reads the head of a request frame. */
export function parseRequest(frame: Buffer): KafkaRequest {
  const apiKey = frame.readInt16BE(4)
  const clientIdBytes = frame.readInt16BE(12)
  return {
    api: protocolAPIsById[apiKey] ?? `api ${apiKey}`,
    version: frame.readInt16BE(6),
    correlationId: frame.readInt32BE(8),
    clientId: clientIdBytes < 0 ? undefined : frame.toString('utf8', 14, 14 + clientIdBytes),
    frame,
  }
}

/** The correlation id of a response frame. */
export const answeredId = (frame: Buffer): number => frame.readInt32BE(4)

const known = new Set(Object.values(protocolAPIsById))

/** Fails for a name that no API has, so that a misspelt rule does not wait for ever. */
export function assertApi(api: string): void {
  if (!known.has(api)) throw new Error(`Kafka has no API '${api}'; there are ${[...known].join(', ')}`)
}
