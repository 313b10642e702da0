/**
 * Every await that separates two effects has a name here; the crash proof kills the process at each. In production the
 * port does nothing.
 */
export const failpointNames = [
  'enqueue:before-insert',
  'enqueue:after-insert',
  'lease:after-take',
  'claim:before-commit',
  'claim:after-commit',
  'send:before-write',
  'send:after-answer',
  'mark:before-commit',
  'mark:after-commit',
  'release:before-commit',
  'release:after-commit',
  'resolve:before-read',
  'resolve:after-read',
  'stop:before-release',
  'fetch:after-answer',
  'handle:before-transaction',
  'handle:after-effects',
  'handle:after-transaction',
  'progress:after-handled',
  'dead-letter:before-send',
  'dead-letter:after-receipt',
  'commit:before-send',
  'commit:after-answer',
] as const

/** One of the names above. */
export type FailpointName = (typeof failpointNames)[number]

/** Called at each named point. A test's implementation may throw, hang or kill the process. */
export interface Failpoints {
  hit(name: FailpointName): void | Promise<void>
}
