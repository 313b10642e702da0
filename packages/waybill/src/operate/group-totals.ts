import type { LogPlace } from '../ports/group-admin.js'
import type { Loss, PartitionStatus } from './partition-status.js'

/** A group's partitions in one view. Sums are of the partitions that are known. */
export interface GroupTotals {
  readonly partitions: number
  /** Partitions whose lag is not known; sums do not hold them. */
  readonly unknown: number
  /** Partitions that no member reads. */
  readonly unread: number
  readonly lag: number
  readonly handledAhead: number
  readonly unhandled: number
  /** The oldest unhandled record of all. */
  readonly oldest: (LogPlace & { readonly offset: number; readonly timestampMs: number }) | undefined
  /** The worst of all: overtaken, unknown, the next to be lost, never, none. */
  readonly loss: (LogPlace & Loss) | undefined
}

/** Adds up. */
export function totalsOf(partitions: readonly PartitionStatus[]): GroupTotals {
  const known = partitions.filter(({ lag }) => lag !== undefined)
  const ages = partitions.flatMap(({ topic, partition, oldest }) => (oldest ? [{ topic, partition, ...oldest }] : []))
  const losses = partitions.map(({ topic, partition, loss }) => ({ topic, partition, ...loss }))
  return {
    partitions: partitions.length,
    unknown: partitions.length - known.length,
    unread: partitions.filter(({ owner }) => owner === undefined).length,
    lag: known.reduce((sum, { lag = 0 }) => sum + lag, 0),
    handledAhead: known.reduce((sum, each) => sum + each.handledAhead, 0),
    unhandled: known.reduce((sum, { unhandled = 0 }) => sum + unhandled, 0),
    oldest: ages.sort((a, b) => a.timestampMs - b.timestampMs)[0],
    loss: losses.sort((a, b) => badness(b) - badness(a))[0],
  }
}

/** Never green while blind: what is unknown comes before what is known to be some time away. */
function badness(loss: Loss): number {
  switch (loss.kind) {
    case 'overtaken':
      return Number.MAX_VALUE
    case 'unknown':
      return Number.MAX_SAFE_INTEGER
    case 'at':
      return -loss.atMs
    case 'never':
      return -Number.MAX_SAFE_INTEGER
    case 'none':
      return -Number.MAX_VALUE
  }
}
