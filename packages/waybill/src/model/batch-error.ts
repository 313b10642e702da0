import type { ReceivedMessage } from './received-message.js'

const brand = Symbol.for('waybill.batch-error')

/** One message of a batch that failed, and why. */
export interface BatchFailure {
  readonly message: ReceivedMessage
  readonly error: unknown
}

/** What `BatchError` may say beside the failures. */
export interface BatchErrorOptions {
  /**
   * Messages of the batch that were handled all the same; without the inbox they do not come again, unless they are behind a
   * failed one in its order. With the inbox the transaction is rolled back, so there are none. Default: none.
   */
  readonly handled?: Iterable<ReceivedMessage>
  readonly message?: string
}

/**
 * Thrown by `handleBatch` to say which of its messages failed, so that only these are at fault: each is tried again alone, and
 * its tries count. All others come again together, at no cost, except those that are named as handled: what is not named is
 * never taken for done, since a handler may throw at the first failure.
 *
 * It must name at least one failure, and only messages of this batch; else all of them count as failed. `instanceof` works
 * across two copies of the library in one process.
 */
export class BatchError extends Error {
  readonly failures: readonly BatchFailure[]
  readonly handled: readonly ReceivedMessage[]

  constructor(failures: Iterable<BatchFailure>, options: BatchErrorOptions = {}) {
    const list = [...failures]
    super(options.message ?? `${list.length} messages of a batch failed`)
    this.name = 'BatchError'
    this.failures = list
    this.handled = [...(options.handled ?? [])]
    Object.defineProperty(this, brand, { value: true })
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value
  }
}
