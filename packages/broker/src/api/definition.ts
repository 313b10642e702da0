import type { Codec } from '../protocol/codec.js'
import type { Reader } from '../protocol/reader.js'
import type { Writer } from '../protocol/writer.js'
import type { Clock, Timers } from '../system/clock.js'
import type { Node } from '../topics/node.js'

/** What an API needs to answer one request. */
export interface ApiContext {
  readonly node: Node
  readonly version: number
  readonly clientId: string | null
  /** The client's address as Java prints it: '/127.0.0.1'. */
  readonly clientHost: string
  readonly host: string
  readonly port: number
  readonly clock: Clock
  readonly timers: Timers
  readonly apis: readonly Api[]
  /** Aborted when the connection or the broker goes away: a long poll must end then. */
  readonly signal: AbortSignal
  /** The error code that a switch wants for this request (for this topic of it), 0 for none. Ask once per item. */
  injectedError(topic?: string): number
  log(line: string): void
}

/** One Kafka API: its codecs and what it does. */
export interface ApiSpec<Request, Response extends object> {
  readonly name: string
  readonly request: Codec<Request>
  readonly response: Codec<Response>
  /** The lowest version named in ApiVersions where that is not the lowest the broker accepts. */
  readonly advertisedMinVersion?: number
  /** True where the group coordinator answers: such a request finds out when the coordinator has moved. */
  readonly coordinated?: boolean
  /** `undefined` = no response is sent (Produce with acks=0); CLOSE = the connection is cut instead of an answer. */
  handle(
    request: Request,
    context: ApiContext,
  ): Response | undefined | typeof CLOSE | Promise<Response | undefined | typeof CLOSE>
}

/** A handler's answer that cuts the connection: acks=0 has no other way to say that something failed. */
export const CLOSE: unique symbol = Symbol('close the connection')

/** A row of the API table: an ApiSpec whose types are sealed inside. */
export interface Api {
  readonly name: string
  readonly key: number
  readonly minVersion: number
  readonly maxVersion: number
  readonly advertisedMinVersion: number
  readonly coordinated: boolean
  readonly requestFlexibleFrom: number
  readonly responseFlexibleFrom: number
  /** Reads the request, does it, and answers what writes the response body. */
  execute(body: Reader, context: ApiContext): Promise<((writer: Writer) => void) | undefined | typeof CLOSE>
}

/** Makes a table row of an API. Versions are the stable ones of the schema, as a Kafka broker offers them. */
export function defineApi<Request, Response extends object>(spec: ApiSpec<Request, Response>): Api {
  return {
    name: spec.name,
    key: spec.request.apiKey,
    minVersion: spec.request.minVersion,
    maxVersion: spec.request.maxStableVersion,
    advertisedMinVersion: spec.advertisedMinVersion ?? spec.request.minVersion,
    coordinated: spec.coordinated ?? false,
    requestFlexibleFrom: spec.request.flexibleFrom,
    responseFlexibleFrom: spec.response.flexibleFrom,
    async execute(body, context) {
      const answer: Response | undefined | typeof CLOSE = await spec.handle(
        spec.request.read(body, context.version),
        context,
      )
      if (answer === undefined || answer === CLOSE) return answer
      return (writer) => spec.response.write(writer, context.version, answer)
    },
  }
}
