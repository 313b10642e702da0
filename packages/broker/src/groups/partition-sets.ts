/** Partitions by topic id. */
export type PartitionSets = ReadonlyMap<string, ReadonlySet<number>>

/** Partitions by topic id, each with the member epoch in which it was assigned. */
export type PartitionEpochs = ReadonlyMap<string, ReadonlyMap<number, number>>

/** The shape in which requests, responses and records name partitions. */
export interface TopicPartitionList {
  topicId: string
  partitions: number[]
}

/** Partitions of a list, without their order. */
export function setsOf(list: readonly TopicPartitionList[]): Map<string, Set<number>> {
  return new Map(list.map(({ topicId, partitions }) => [topicId, new Set(partitions)]))
}

/** A list in ascending order of partitions. Topics come in the order in which they were added. */
export function listOf(partitions: ReadonlyMap<string, { keys(): Iterable<number> }>): TopicPartitionList[] {
  return [...partitions].map(([topicId, indexes]) => ({ topicId, partitions: ascending(indexes.keys()) }))
}

/** True when both hold the same partitions with the same epochs. */
export function sameEpochs(a: PartitionEpochs, b: PartitionEpochs): boolean {
  return (
    a.size === b.size &&
    [...a].every(([topicId, mine]) => {
      const other = b.get(topicId)
      return other !== undefined && other.size === mine.size && [...mine].every(([p, epoch]) => other.get(p) === epoch)
    })
  )
}

function ascending(values: Iterable<number>): number[] {
  return [...values].sort((a, b) => a - b)
}
