import type { SimRecord } from './partition.js'

/** A message as the business saw it commit. */
export interface Committed {
  readonly messageId: string
  readonly key: string
}

/** A receipt as the store holds it. */
export interface HeldReceipt {
  readonly messageId: string
  readonly partition: number
  readonly offset: number
}

/** What the oracle compares. It knows nothing of lanes, flights or sequences. */
export interface Evidence {
  /** In commit order; what the database still holds after a restore. */
  readonly committed: readonly Committed[]
  /** Messages whose transaction did not commit. */
  readonly rolledBack: readonly string[]
  /** Messages that were sent and, after a restore, waited again: they may be in the topic more than once. */
  readonly mayDouble: ReadonlySet<string>
  /** Messages set aside with an alert. */
  readonly parked: ReadonlySet<string>
  readonly poison: ReadonlySet<string>
  readonly receipts: readonly HeldReceipt[]
  readonly partitions: readonly (readonly SimRecord[])[]
}

/** Every broken promise, in words; empty when all hold. */
export function brokenPromises(evidence: Evidence): readonly string[] {
  return [...lostAndDoubled(evidence), ...reordered(evidence), ...wrongReceipts(evidence)]
}

function lostAndDoubled({ committed, rolledBack, mayDouble, parked, poison, partitions }: Evidence): string[] {
  const times = new Map<string, number>()
  for (const { messageId } of partitions.flat()) times.set(messageId, (times.get(messageId) ?? 0) + 1)
  const broken: string[] = []
  for (const { messageId } of committed) {
    const count = times.get(messageId) ?? 0
    if (poison.has(messageId)) {
      if (!parked.has(messageId) || count > 0) broken.push(`poison ${messageId} is not parked`)
    } else if (count === 0) broken.push(`lost ${messageId}`)
    else if (count > 1 && !mayDouble.has(messageId)) broken.push(`doubled ${messageId} (${count} times)`)
  }
  for (const messageId of rolledBack)
    if (times.has(messageId)) broken.push(`phantom ${messageId}: its transaction rolled back`)
  for (const messageId of parked)
    if (!poison.has(messageId)) broken.push(`parked ${messageId} although nothing is wrong with it`)
  return broken
}

function reordered({ committed, partitions }: Evidence): string[] {
  const place = new Map<string, number>()
  for (const log of partitions)
    for (const { messageId, offset } of log) if (!place.has(messageId)) place.set(messageId, offset)
  const last = new Map<string, { offset: number; messageId: string }>()
  const broken: string[] = []
  for (const { messageId, key } of committed) {
    const offset = place.get(messageId)
    if (offset === undefined) continue
    const before = last.get(key)
    if (before && before.offset > offset) broken.push(`reordered ${before.messageId} behind ${messageId} of key ${key}`)
    last.set(key, { offset, messageId })
  }
  return broken
}

function wrongReceipts({ receipts, partitions }: Evidence): string[] {
  return receipts
    .filter(({ messageId, partition, offset }) => partitions[partition]?.[offset]?.messageId !== messageId)
    .map(
      ({ messageId, partition, offset }) =>
        `receipt of ${messageId} points to ${partition}/${offset}, which is another message`,
    )
}
