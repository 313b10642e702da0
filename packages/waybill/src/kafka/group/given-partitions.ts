import type { GroupPartition } from '../../ports/group.js'
import type { Topics } from '../topics.js'
import type { TopicPartition } from './consumer-protocol.js'

/**
 * What the leader of a classic group gave us, by name, and which topics the names stand for: a topic that is deleted and
 * created anew keeps its name and its partitions in the group, and is another one.
 */
export class GivenPartitions {
  readonly #topics: Topics
  readonly #ids = new Map<string, string>()
  #given: readonly TopicPartition[] = []

  constructor(topics: Topics) {
    this.#topics = topics
  }

  get all(): readonly TopicPartition[] {
    return this.#given
  }

  /** Those whose topic's id is known. */
  get named(): readonly GroupPartition[] {
    return this.#given.flatMap(({ topic, partition }) => {
      const topicId = this.#ids.get(topic)
      return topicId === undefined ? [] : [{ topic, topicId, partition }]
    })
  }

  /** Whether some topic's id is not known yet. */
  get isIncomplete(): boolean {
    return this.#given.some(({ topic }) => !this.#ids.has(topic))
  }

  /** Names of these ids. */
  namesOf(topicIds: ReadonlySet<string>): ReadonlyMap<string, string> {
    return new Map([...this.#ids].flatMap(([topic, id]) => (topicIds.has(id) ? [[id, topic] as const] : [])))
  }

  set(given: readonly TopicPartition[]): void {
    this.#given = given
  }

  clear(): void {
    this.#given = []
  }

  /** Asks for the topics' ids; tells whether one is new. Rejects as `Topics.shape`; a topic that is gone keeps its id. */
  async refresh(): Promise<boolean> {
    let isNew = false
    for (const topic of new Set(this.#given.map((each) => each.topic))) {
      const shape = await this.#topics.shape(topic)
      if (shape === undefined || this.#ids.get(topic) === shape.topicId) continue
      this.#ids.set(topic, shape.topicId)
      isNew = true
    }
    return isNew
  }
}
