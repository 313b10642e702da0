import type { ReceivedMessage } from './received-message.js'

const brand = Symbol.for('waybill.batch-error')

/** One message of a batch that failed, and why. */
export interface BatchFailure {
  readonly message: ReceivedMessage
  readonly error: unknown
}

/**
 * Thrown by `handleBatch` to say which of its messages failed, so that only these are at fault. Without the inbox the others
 * count as handled, except those behind a failed one in its order: they come again after it. With the inbox the whole
 * transaction is rolled back, so the others come again without the failed ones. A failed message is tried again alone.
 *
 * It must name at least one message, and only messages of this batch; else all of them count as failed. `instanceof` works
 * across two copies of the library in one process.
 */
export class BatchError extends Error {
  readonly failures: readonly BatchFailure[]

  constructor(failures: Iterable<BatchFailure>, options: { readonly message?: string } = {}) {
    const list = [...failures]
    super(options.message ?? `${list.length} messages of a batch failed`)
    this.name = 'BatchError'
    this.failures = list
    Object.defineProperty(this, brand, { value: true })
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value
  }
}
