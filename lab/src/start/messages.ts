import type { WaybillEvent } from 'waybill'

/** What a child tells its parent over the IPC channel. */
export type ChildMessage =
  /** The tables are there and work begins. */
  | { readonly kind: 'ready' }
  /** The airline has written all its flights. */
  | { readonly kind: 'done'; readonly committed: number; readonly takenBack: number }
  /** A handler has begun with this flight; nothing of it is on the board yet. */
  | { readonly kind: 'handling'; readonly number: number }
  /** Messages that the naive consumer has fetched and not yet handled. */
  | { readonly kind: 'pool'; readonly size: number }
  /** The child has ended as it was told. */
  | { readonly kind: 'stopped' }
  /** Something that the relay or the consumer reports, but for the frequent ones, which are counted. */
  | { readonly kind: 'event'; readonly event: WaybillEvent }
  /** What the relay has done since it started. */
  | { readonly kind: 'tally'; readonly acknowledged: number; readonly unanswered: number }
  /** The child gives up. */
  | { readonly kind: 'failed'; readonly message: string }

/** What the parent tells the airline: beyond this flight it shall slow down, because faults are behind. */
export interface SlowDown {
  readonly slowFrom: number
}

const kinds: ReadonlySet<unknown> = new Set([
  'ready',
  'done',
  'handling',
  'pool',
  'stopped',
  'event',
  'tally',
  'failed',
] satisfies ChildMessage['kind'][])

/** True for what `tellParent` sends; a child is compiled with its parent, so the kind is all that needs a look. */
export function isChildMessage(value: unknown): value is ChildMessage {
  return typeof value === 'object' && value !== null && 'kind' in value && kinds.has(value.kind)
}

/** Tells the parent. A parent that is gone is no error: the channel's end ends this process. */
export function tellParent(message: ChildMessage): void {
  if (process.connected) process.send?.(message, undefined, {}, () => undefined)
}

/** Tells the parent the last thing and ends this process when that is on its way. */
export function leave(message: ChildMessage, exitCode: number): void {
  if (!process.connected || !process.send) process.exit(exitCode)
  process.send(message, undefined, {}, () => process.exit(exitCode))
}

/** Ends this process and tells the parent why. */
export function fail(error: unknown): void {
  console.error(error)
  leave({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }, 1)
}
