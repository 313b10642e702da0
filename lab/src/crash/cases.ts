import type { FailpointName } from 'waybill/testing'

/**
 * What is done beside the crash, because some points are only reached when something goes wrong. Each is a real cause at the
 * broker or in the group of relays:
 * - park, hold: five messages are larger than the topic takes; the policy sets them aside, or holds their keys.
 * - out-of-order: the broker answers OUT_OF_ORDER_SEQUENCE_NUMBER to requests that it did not take.
 * - found: the broker takes requests, drops the answers, and answers the repeats with OUT_OF_ORDER_SEQUENCE_NUMBER.
 * - clash: the broker answers INVALID_PRODUCER_EPOCH.
 * - stop: the worker is asked to stop. stop-in-flight: so, while answers are held back and the drain runs out.
 * - leave: another relay leaves, and its lanes are taken.
 * - dead-letter: half of the keys cannot be handled; a second consumer handles their dead letters.
 */
export type Cause =
  | 'none'
  | 'park'
  | 'hold'
  | 'out-of-order'
  | 'found'
  | 'clash'
  | 'stop'
  | 'stop-in-flight'
  | 'leave'
  | 'dead-letter'

/** Which process meets its fate. */
export type Engine = 'relay' | 'sender' | 'consumer'

/** One experiment. */
export interface CrashCase {
  readonly engine: Engine
  readonly failpoint: FailpointName
  /** At the nth hit, from 1. */
  readonly hit: number
  readonly ending: 'kill' | 'freeze'
  /** restart: the same process is started again. takeover: a second one was running all along. */
  readonly after: 'restart' | 'takeover'
  readonly cause: Cause
}

/** A row of the table: each hit in each mode is a case. */
type Row = readonly [FailpointName, hits: readonly number[], Cause, afters?: readonly CrashCase['after'][]]

const relayKills: readonly Row[] = [
  ['lease:after-take', [1], 'none'],
  ['lease:after-take', [2], 'leave'],
  ['claim:before-commit', [1, 4], 'none'],
  ['claim:after-commit', [1, 4], 'none'],
  ['send:before-write', [1, 4], 'none'],
  ['send:after-answer', [1, 4], 'none'],
  ['mark:before-commit', [1, 4], 'none'],
  ['mark:after-commit', [1, 4], 'none'],
  ['release:before-commit', [1, 3], 'park'],
  ['release:before-commit', [1], 'found'],
  ['release:after-commit', [1, 3], 'hold'],
  ['release:after-commit', [1], 'out-of-order'],
  ['resolve:before-read', [1, 2], 'out-of-order'],
  ['resolve:after-read', [1, 2], 'found'],
  ['resolve:after-read', [1], 'clash'],
  ['stop:before-release', [1], 'stop'],
  ['stop:before-release', [1], 'stop-in-flight'],
]

const senderKills: readonly Row[] = [
  ['enqueue:before-insert', [1, 4], 'none'],
  ['enqueue:after-insert', [1, 4], 'none'],
]

const consumerKills: readonly Row[] = [
  ['fetch:after-answer', [1, 4], 'none'],
  ['handle:before-transaction', [1, 9], 'none'],
  ['handle:after-effects', [1, 9], 'none'],
  ['handle:after-transaction', [1, 9], 'none'],
  ['progress:after-handled', [1, 9], 'none'],
  ['dead-letter:before-send', [1, 4], 'dead-letter'],
  ['dead-letter:after-receipt', [1, 4], 'dead-letter'],
  ['commit:before-send', [1, 3], 'none'],
  ['commit:after-answer', [1, 3], 'none'],
]

const takeover: readonly CrashCase['after'][] = ['takeover']

const relayFreezes: readonly Row[] = [
  ['lease:after-take', [1], 'none', takeover],
  ['claim:before-commit', [2], 'none', takeover],
  ['claim:after-commit', [2], 'none', takeover],
  ['send:before-write', [2], 'none', takeover],
  ['send:after-answer', [2], 'none', takeover],
  ['mark:before-commit', [2], 'none', takeover],
  ['release:before-commit', [1], 'out-of-order', takeover],
  ['resolve:after-read', [1], 'found', takeover],
]

const consumerFreezes: readonly Row[] = [
  ['fetch:after-answer', [2], 'none', takeover],
  ['handle:before-transaction', [3], 'none', takeover],
  ['handle:after-effects', [3], 'none', takeover],
  ['handle:after-transaction', [3], 'none', takeover],
  ['commit:before-send', [1], 'none', takeover],
  ['commit:after-answer', [1], 'none', takeover],
]

/** Points of a relay at which a flight of its own is open: claimed, and not yet marked or released. */
export const pointsWithOpenFlight: ReadonlySet<FailpointName> = new Set<FailpointName>([
  'claim:after-commit',
  'send:before-write',
  'send:after-answer',
  'mark:before-commit',
  'release:before-commit',
  'resolve:before-read',
  'resolve:after-read',
])

/** All experiments of the crash proof. */
export const crashCases: readonly CrashCase[] = [
  ...casesOf('sender', 'kill', senderKills),
  ...casesOf('relay', 'kill', relayKills),
  ...casesOf('consumer', 'kill', consumerKills),
  ...casesOf('relay', 'freeze', relayFreezes),
  ...casesOf('consumer', 'freeze', consumerFreezes),
]

/**
 * One kill at each failpoint, at its latest hit, by turns with restart and takeover, and a zombie of each engine: what fits
 * into `npm test`.
 */
export function boundedCases(names: readonly FailpointName[]): readonly CrashCase[] {
  const kills = names.flatMap((name, at) => {
    const after = at % 2 === 0 ? 'restart' : 'takeover'
    const fit = crashCases.filter((one) => one.failpoint === name && one.ending === 'kill' && one.after === after)
    return fit.toSorted((a, b) => b.hit - a.hit).slice(0, 1)
  })
  const zombies: readonly FailpointName[] = ['send:before-write', 'handle:before-transaction']
  return [...kills, ...crashCases.filter((one) => one.ending === 'freeze' && zombies.includes(one.failpoint))]
}

/** One line that names a case; unique. */
export function nameOf({ engine, failpoint, hit, ending, after, cause }: CrashCase): string {
  return `${engine} ${ending} ${failpoint}#${hit} ${after}${cause === 'none' ? '' : ` ${cause}`}`
}

function casesOf(engine: Engine, ending: CrashCase['ending'], rows: readonly Row[]): readonly CrashCase[] {
  return rows.flatMap(([failpoint, hits, cause, afters = ['restart', 'takeover']]) =>
    afters.flatMap((after) => hits.map((hit) => ({ engine, failpoint, hit, ending, after, cause }))),
  )
}
