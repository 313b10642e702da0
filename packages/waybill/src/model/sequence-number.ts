/** Sequences are 31 bits and wrap to 0 after 2147483647, as in Kafka's `DefaultRecordBatch.incrementSequence`. */
export const sequenceMax = 2147483647

/** The sequence `count` records after `sequence`, wrapping as Kafka does. */
export function advanceSequence(sequence: number, count: number): number {
  const room = sequenceMax - sequence
  return count > room ? count - room - 1 : sequence + count
}

/** How many steps lead from `from` up to `to`, over the wrap: 0 to 2147483647. Half of it or more means `to` lies behind. */
export function sequenceDistance(from: number, to: number): number {
  return to >= from ? to - from : to - from + sequenceMax + 1
}
