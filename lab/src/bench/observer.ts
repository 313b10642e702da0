import { setTimeout as sleep } from 'node:timers/promises'
import { listOffsetsV8 } from '@platformatic/kafka'
import { connectToLeaders, type Leader } from './leaders.js'
import type { Sighting } from './rate-window.js'

const usualEveryMs = 20
const latest = -1n

/** What to watch for. */
export interface Watch {
  /** Records there before, which do not count; none unless told. */
  readonly from?: number
  /** Records to come. */
  readonly total: number
  readonly deadlineMs: number
  /** Milliseconds between two looks; 20 unless told. */
  readonly everyMs?: number
  /** The first records are visible. */
  readonly first?: () => void
  /** All are visible. */
  readonly last?: () => void
  /** Asked before every look: throws when waiting has become pointless. */
  readonly giveUp: () => void
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
    const { leaders } = await connectToLeaders(brokers, topic)
    return new Observer(topic, leaders)
  }

  /** Looks until all are visible. Fails at the deadline, or with what `giveUp` throws. */
  async watch({ from = 0, total, everyMs = usualEveryMs, ...watch }: Watch): Promise<readonly Sighting[]> {
    const sightings: Sighting[] = []
    const deadline = performance.now() + watch.deadlineMs
    for (let seenAny = false; ; await sleep(everyMs)) {
      const sighting = { count: (await this.count()) - from, atMs: performance.now() }
      sightings.push(sighting)
      if (!seenAny && sighting.count > 0) {
        seenAny = true
        watch.first?.()
      }
      if (sighting.count >= total) break
      watch.giveUp()
      if (sighting.atMs > deadline)
        throw new Error(`only ${sighting.count} of ${total} records within ${watch.deadlineMs} ms in ${this.#topic}`)
    }
    watch.last?.()
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
