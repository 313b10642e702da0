/** Whether trying again can help: `unknown` means the effect may or may not have happened. */
export type Retryable = 'yes' | 'no' | 'unknown'

/**
 * The closed list of error codes. Each one is explained, with its fix, in docs/errors.md (a test keeps both in step).
 */
export const errorCodes = {
  WB_OPTION_INVALID: 'no',
  WB_SOURCE_INVALID: 'no',
  WB_NOT_IN_TRANSACTION: 'no',
  WB_MESSAGE_INVALID: 'no',
  WB_MESSAGE_TOO_LARGE: 'no',
  WB_HEADER_RESERVED: 'no',
  WB_CODEC_FAILED: 'no',
  WB_SCHEMA_MISSING: 'no',
  WB_SCHEMA_NEWER: 'no',
  WB_LANES_MISMATCH: 'no',
  WB_SOURCE_MISMATCH: 'no',
  WB_STORE_UNSAFE: 'no',
  WB_STORE_CORRUPT: 'no',
  WB_STORE_UNREACHABLE: 'yes',
  WB_STORE_READ_ONLY: 'yes',
  WB_STORE_DENIED: 'no',
  WB_STORE_BUSY: 'yes',
  WB_STORE_FULL: 'yes',
  WB_STORE_FAILED: 'unknown',
  WB_KAFKA_UNREACHABLE: 'yes',
  WB_KAFKA_REFUSED: 'unknown',
  WB_TOPIC_UNKNOWN: 'yes',
  WB_RECORD_CORRUPT: 'unknown',
  WB_DEADLINE: 'unknown',
  WB_HANDLER_FAILED: 'unknown',
  WB_DEAD_LETTER_BRAKE: 'unknown',
  WB_LOSS_FOUND: 'no',
  WB_INSTANCE_FENCED: 'no',
  WB_NOT_ASSIGNED: 'no',
  WB_STOPPED: 'no',
  WB_INTERNAL: 'no',
} as const

/** One of the codes above. */
export type ErrorCode = keyof typeof errorCodes

const brand = Symbol.for('waybill.error')

/** Facts that let a program act on an error without reading its text. */
export type ErrorFacts = Readonly<Record<string, string | number | boolean | null | undefined>>

/**
 * The one error class of waybill. `instanceof` works across two copies of the library in one process (a brand, not the
 * prototype, decides). `retryable` follows from the code.
 */
export class WaybillError extends Error {
  readonly code: ErrorCode
  readonly retryable: Retryable
  readonly facts: ErrorFacts

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; facts?: ErrorFacts } = {}) {
    super(`${code}: ${message}`, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'WaybillError'
    this.code = code
    this.retryable = errorCodes[code]
    this.facts = options.facts ?? {}
    Object.defineProperty(this, brand, { value: true })
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value
  }
}

/** Throws WB_INTERNAL with a stable id when an invariant does not hold. Left on in production: a wrong state is worse than a stop. */
export function invariant(holds: boolean, id: string, detail: string): asserts holds {
  if (!holds) throw new WaybillError('WB_INTERNAL', `invariant ${id} broken: ${detail}`, { facts: { id } })
}

/** One line for people, from anything thrown, `undefined` included. */
export function causeText(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
