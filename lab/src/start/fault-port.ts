/** What the broker says about its switches (GET /faults). */
interface Snapshot {
  readonly dropped: number
}

const answerMs = 5_000

/**
 * The broker's fault switches over HTTP. The switches live in the broker's process, so what was ordered and what was
 * done is counted here: responses that a killed broker had not dropped yet are ordered again from its successor.
 */
export class FaultPort {
  readonly #url: () => string
  #ordered = 0
  #droppedBefore = 0

  constructor(url: () => string) {
    this.#url = url
  }

  /** Produce responses that were to be dropped so far. */
  get ordered(): number {
    return this.#ordered
  }

  /** Produce responses really dropped so far. */
  async dropped(): Promise<number> {
    return this.#droppedBefore + (await this.#call('GET', '')).dropped
  }

  /** Orders that the next produce response is not sent. */
  async dropResponse(): Promise<void> {
    this.#ordered++
    await this.#order(1)
  }

  async diskFull(on: boolean): Promise<void> {
    await this.#call('POST', '/disk-full', { on })
  }

  async powerLoss(): Promise<void> {
    await this.#call('POST', '/power-loss', {})
  }

  /** Before the broker is killed: takes all orders back, so that the count is final. */
  async beforeKill(): Promise<void> {
    this.#droppedBefore += (await this.#call('POST', '/clear', {})).dropped
  }

  /** After the broker is back: orders again what is missing. */
  async afterStart(): Promise<void> {
    const missing = this.#ordered - this.#droppedBefore
    if (missing > 0) await this.#order(missing)
  }

  async #order(count: number): Promise<void> {
    await this.#call('POST', '/drop-responses', { api: 'Produce', count })
  }

  async #call(method: string, path: string, body?: object): Promise<Snapshot> {
    const response = await fetch(`${this.#url()}/faults${path}`, {
      method,
      signal: AbortSignal.timeout(answerMs),
      ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`the broker refused ${method} ${path}: ${text}`)
    return JSON.parse(text) as Snapshot
  }
}
