/** The names of the arms, in the order in which a round runs them. */
export const fetchArmNames = ['waybill', 'java', 'kafkajs', 'platformatic', 'confluent'] as const
export type FetchArmName = (typeof fetchArmNames)[number]

/** First argument of a fetching process, as JSON. */
export interface FetchSettings {
  readonly arm: FetchArmName
  readonly brokers: readonly string[]
  readonly topic: string
  /** Records of the topic. */
  readonly count: number
  /** Unique; groups of clients that cannot read without one begin with it. */
  readonly name: string
  /** Where the compiled client is installed. */
  readonly clientFolder: string | undefined
}

/** Counts what an arm reads. Each arm looks at every value, so that none gets away with not decoding it. */
export class Count {
  /** Resolves when all is read, to the milliseconds since `begin`. */
  readonly done: Promise<number>
  readonly #total: number
  #resolve: (ms: number) => void = () => {}
  #begunMs = 0
  #read = 0
  bytes = 0

  constructor(total: number) {
    this.#total = total
    this.done = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  /** The client has its partitions and may read. The first time counts. */
  begin(): void {
    this.#begunMs ||= performance.now()
  }

  add(value: Uint8Array | null): void {
    this.bytes += value?.length ?? 0
    if (++this.#read === this.#total) this.#resolve(performance.now() - this.#begunMs)
  }
}
