import { until } from '../cluster/until.js'
import { assertApi, type KafkaRequest } from './kafka-request.js'

/** Which requests a fault is for. */
export interface RequestFilter {
  /** Kafka's name of the API, such as `Produce`. */
  readonly api: string
  /** How many requests, in the order they come; 1 unless told. */
  readonly count?: number
  /** Only requests for which this is true. They are not counted otherwise. */
  readonly where?: (request: KafkaRequest) => boolean
}

/** A fault that waits for its requests, and what has come of it. */
export class FaultRule {
  /** Requests that the fault has happened to. */
  applied = 0
  readonly #filter: RequestFilter
  readonly #what: string
  #left: number

  constructor(what: string, filter: RequestFilter) {
    assertApi(filter.api)
    this.#what = what
    this.#filter = filter
    this.#left = filter.count ?? 1
  }

  /** Requests that it still waits for. */
  get left(): number {
    return this.#left
  }

  /** Waits for no further request. */
  cancel(): void {
    this.#left = 0
  }

  /** Waits until the fault has happened to so many requests (all of its count unless told). Fails at the deadline, 30 s unless told. */
  async happened(count: number = this.#filter.count ?? 1, deadlineMs = 30_000): Promise<void> {
    const what = `${count} × ${this.#what} ${this.#filter.api} (${this.applied} so far)`
    await until(async () => this.applied >= count, { what, deadlineMs, everyMs: 5 })
  }

  /** Internal: takes this request if it is one of those the fault is for. */
  takes(request: KafkaRequest): boolean {
    if (this.#left === 0 || request.api !== this.#filter.api || this.#filter.where?.(request) === false) return false
    this.#left--
    return true
  }
}

/** Requests that are held back on their way to the node. */
export class HeldRequests extends FaultRule {
  /** Held requests that were let go and answered by the node. */
  answered = 0
  readonly #released: Promise<boolean>
  #decide: (pass: boolean) => void = () => {}

  constructor(filter: RequestFilter) {
    super('held', filter)
    this.#released = new Promise((resolve) => (this.#decide = resolve))
  }

  /**
   * Lets the held requests go to the node, in order per connection, and holds no further one. They go also when their client
   * closed its connection long ago. Resolves when the node has answered all of them; fails at the deadline, 30 s unless told.
   */
  async release(deadlineMs = 30_000): Promise<void> {
    this.cancel()
    this.#decide(true)
    const what = 'the answers to the released requests'
    await until(async () => this.answered >= this.applied, { what, deadlineMs, everyMs: 5 })
  }

  /** Throws the held requests away, each with its connection, and holds no further one: they were lost on the way. */
  discard(): void {
    this.cancel()
    this.#decide(false)
  }

  /** Internal: waits for `release` (true) or `discard` (false). */
  get passes(): Promise<boolean> {
    return this.#released
  }
}
