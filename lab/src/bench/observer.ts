import { setTimeout as sleep } from 'node:timers/promises'
import { Connection, listOffsetsV8, metadataV12 } from '@platformatic/kafka'
import type { Sighting } from './rate-window.js'

const everyMs = 20
const latest = -1n

interface Leader {
  readonly connection: Connection
  readonly partitions: readonly number[]
}

/** What happens while a topic is watched. */
export interface ObserverHooks {
  /** The first records are visible. */
  first(): void
  /** All are visible. */
  last(): void
}

/**
 * Watches from outside how many records of a topic every consumer could read: the sum of the partitions' high watermarks, every
 * 20 ms, one request a leader. The same look at every arm, whatever the arm says of itself.
 */
export class Observer {
  readonly #topic: string
  readonly #leaders: readonly Leader[]

  private constructor(topic: string, leaders: readonly Leader[]) {
    this.#topic = topic
    this.#leaders = leaders
  }

  /** Connects to the leaders of all partitions. Fails while one has none. */
  static async connect(brokers: readonly string[], topic: string): Promise<Observer> {
    const seed = await open(brokers[0] ?? '')
    try {
      const metadata = await metadataV12.api.async(seed, [topic], false, false)
      const partitions = metadata.topics[0]?.partitions ?? []
      const leaders: Leader[] = []
      for (const broker of metadata.brokers) {
        const led = partitions
          .filter(({ leaderId }) => leaderId === broker.nodeId)
          .map(({ partitionIndex }) => partitionIndex)
        if (led.length > 0) leaders.push({ connection: await open(`${broker.host}:${broker.port}`), partitions: led })
      }
      return new Observer(topic, leaders)
    } finally {
      await seed.close()
    }
  }

  /** Looks until `total` records are visible. Fails after `deadlineMs`, or with what `giveUp` throws. */
  async watch(
    total: number,
    deadlineMs: number,
    hooks: ObserverHooks,
    giveUp: () => void,
  ): Promise<readonly Sighting[]> {
    const sightings: Sighting[] = []
    const deadline = performance.now() + deadlineMs
    for (let seenAny = false; ; await sleep(everyMs)) {
      const sighting = { count: await this.count(), atMs: performance.now() }
      sightings.push(sighting)
      if (!seenAny && sighting.count > 0) {
        seenAny = true
        hooks.first()
      }
      if (sighting.count >= total) break
      giveUp()
      if (sighting.atMs > deadline)
        throw new Error(`only ${sighting.count} of ${total} records within ${deadlineMs} ms in ${this.#topic}`)
    }
    hooks.last()
    return sightings
  }

  /** How many records are visible now. */
  async count(): Promise<number> {
    const sums = await Promise.all(this.#leaders.map((leader) => this.#countOf(leader)))
    return sums.reduce((total, sum) => total + sum, 0)
  }

  async close(): Promise<void> {
    await Promise.all(this.#leaders.map(({ connection }) => connection.close()))
  }

  async #countOf({ connection, partitions }: Leader): Promise<number> {
    const places = partitions.map((partitionIndex) => ({ partitionIndex, currentLeaderEpoch: -1, timestamp: latest }))
    const answer = await listOffsetsV8.api.async(connection, -1, 0, [{ name: this.#topic, partitions: places }])
    return answer.topics.flatMap((topic) => topic.partitions).reduce((total, { offset }) => total + Number(offset), 0)
  }
}

async function open(address: string): Promise<Connection> {
  const connection = new Connection('waybill-bench', { connectTimeout: 5_000, requestTimeout: 10_000 })
  connection.on('error', () => undefined) // the awaited call fails with it; unheard it would end the process
  await connection.connect(
    address.slice(0, address.lastIndexOf(':')),
    Number(address.slice(address.lastIndexOf(':') + 1)),
  )
  return connection
}
