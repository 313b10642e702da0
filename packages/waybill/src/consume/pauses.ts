/**
 * Which partitions are paused: the last call that covers a partition decides, so that a topic can be resumed while
 * everything else stays paused. Kept by name for the life of the consumer, so it also holds for what is assigned later.
 */
export class Pauses {
  #all = false
  readonly #topics = new Map<string, boolean>()
  readonly #partitions = new Map<string, Map<number, boolean>>()

  /** Without `partition`: the whole topic; without `topic`: everything. */
  set(isPaused: boolean, topic?: string, partition?: number): void {
    if (topic === undefined) {
      this.#all = isPaused
      this.#topics.clear()
      this.#partitions.clear()
    } else if (partition === undefined) {
      this.#topics.set(topic, isPaused)
      this.#partitions.delete(topic)
    } else {
      const ofTopic = this.#partitions.get(topic) ?? new Map<number, boolean>()
      this.#partitions.set(topic, ofTopic.set(partition, isPaused))
    }
  }

  covers(topic: string, partition: number): boolean {
    return this.#partitions.get(topic)?.get(partition) ?? this.#topics.get(topic) ?? this.#all
  }
}
