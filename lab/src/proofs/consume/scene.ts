/** First word of the groups' names. */
export const group = 'board'
export const partitions = 4
/** Each key's messages lie in one partition, in the order of their places. */
export const keys: readonly string[] = Array.from({ length: 24 }, (_, at) => `key-${at}`)
/** Records of one request, so that batches are small. */
export const perRequest = 12

/** Settings of the members: small fetches, frequent commits and short times, so that there are many of all in a few seconds. */
export const memberOptions: {
  readonly workers: number
  readonly batch: number
  readonly fetchBytesMax: number
  readonly fetchWaitMs: number
  readonly commitMs: number
  readonly rebalanceTimeoutMs: number
  readonly drainMs: number
  readonly backoffMinMs: number
  readonly backoffMaxMs: number
} = {
  workers: 8,
  batch: 40,
  fetchBytesMax: 2_000,
  fetchWaitMs: 100,
  commitMs: 150,
  rebalanceTimeoutMs: 4_000,
  drainMs: 1_500,
  backoffMinMs: 20,
  backoffMaxMs: 300,
}

/** What a record says. */
export interface Content {
  readonly number: number
  readonly key: string
}

/** Messages that no handler can handle, where a case wants that. */
export function isPoison(number: number): boolean {
  return number % 9 === 4
}

/** The topic of a group's dead letters. */
export function deadTopicOf(topic: string, ofGroup: string): string {
  return `${topic}.${ofGroup}.dead`
}

/** Milliseconds a handler works: one message in so many, of each partition, takes much longer, so that others are done above it. */
export function workOf(number: number, usualMs: number): number {
  return number % 17 === 5 ? usualMs + 200 : usualMs
}
