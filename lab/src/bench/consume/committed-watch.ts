import { setTimeout as sleep } from 'node:timers/promises'
import { Connection, findCoordinatorV6, offsetFetchV9 } from '@platformatic/kafka'

const everyMs = 10
const groupKey = 0

/** What to wait for. */
export interface CommittedWait {
  /** Sum of the committed offsets of all partitions. */
  readonly total: number
  readonly deadlineMs: number
  /** Asked before every look: throws when waiting has become pointless. */
  readonly giveUp: () => void
}

/**
 * Asks a group's coordinator from outside what is committed: the same clock for every arm, whatever the arm says of itself.
 */
export class CommittedWatch {
  readonly #brokers: readonly string[]
  readonly #group: string
  readonly #topic: string
  readonly #partitions: readonly number[]
  #connection: Connection | undefined

  constructor(brokers: readonly string[], group: string, topic: string, partitions: number) {
    this.#brokers = brokers
    this.#group = group
    this.#topic = topic
    this.#partitions = Array.from({ length: partitions }, (_, partition) => partition)
  }

  /** Resolves to the moment (kernel's monotonic clock, ms) at which `total` was seen; looks every 10 ms. Fails at the deadline. */
  async until({ total, deadlineMs, giveUp }: CommittedWait): Promise<number> {
    const deadline = performance.now() + deadlineMs
    for (;;) {
      const committed = await this.committed()
      if (committed >= total) return monotonicMs()
      giveUp()
      if (performance.now() > deadline)
        throw new Error(`group ${this.#group} committed ${committed} of ${total} within ${deadlineMs} ms`)
      await sleep(everyMs)
    }
  }

  /** Sum of the committed offsets now; 0 while the group has none, or its coordinator does not answer yet. */
  async committed(): Promise<number> {
    try {
      this.#connection ??= await this.#connect()
      const topics = [{ name: this.#topic, partitionIndexes: [...this.#partitions] }]
      const groups = [{ groupId: this.#group, memberId: null, memberEpoch: -1, topics }]
      const answer = await offsetFetchV9.api.async(this.#connection, groups, false)
      const places = answer.groups[0]?.topics[0]?.partitions ?? []
      return places.reduce((sum, { committedOffset }) => sum + Math.max(0, Number(committedOffset)), 0)
    } catch {
      await this.close() // the coordinator may be another one, or not be loaded yet: ask anew
      return 0
    }
  }

  async close(): Promise<void> {
    const connection = this.#connection
    this.#connection = undefined
    await connection?.close().catch(() => undefined)
  }

  async #connect(): Promise<Connection> {
    const seed = await open(this.#brokers[0] ?? '')
    try {
      const { coordinators } = await findCoordinatorV6.api.async(seed, groupKey, [this.#group])
      const [found] = coordinators
      if (!found) throw new Error(`group ${this.#group} has no coordinator`)
      return await open(`${found.host}:${found.port}`)
    } finally {
      await seed.close()
    }
  }
}

/** CLOCK_MONOTONIC in milliseconds, as Java's System.nanoTime: comparable between processes of a machine. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

async function open(address: string): Promise<Connection> {
  const connection = new Connection('waybill-bench', { connectTimeout: 5_000, requestTimeout: 10_000 })
  connection.on('error', () => undefined)
  const colon = address.lastIndexOf(':')
  await connection.connect(address.slice(0, colon), Number(address.slice(colon + 1)))
  return connection
}
