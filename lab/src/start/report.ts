import { type Findings, type LostFlight, isSoundButForLosses } from './checker.js'
import { thousands } from './display.js'
import type { Strikes } from './fault-runner.js'
import type { StartOptions } from './options.js'
import { dropCount, killCount } from './schedule.js'

/** All that a run found out. */
export interface Outcome {
  readonly options: StartOptions
  readonly found: Findings
  readonly strikes: Strikes
  /** Flights that were to be committed in all, those of earlier runs in the same folder included. */
  readonly goal: number
  /** Transactions that were taken back. */
  readonly takenBack: number
  /** Produce responses that the broker dropped. */
  readonly dropped: number
  /** Truncations and the like that the relay itself reported. */
  readonly relayFindings: number
  /** Numbers of flights whose records a power loss took and that never came back. */
  readonly brokerLost: ReadonlySet<number>
  /** Why not all faults could strike, if so. */
  readonly faultProblem: string | undefined
  readonly seconds: number
  readonly perSecond: number
}

type Row = readonly [what: string, count: number | string, how: string]

/** The last line of a run. */
export function proofLine({ options, found, strikes, brokerLost }: Outcome): string {
  const figures = [
    `committed=${found.committed}`,
    `in-topic=${found.inTopic}`,
    ...(found.waiting > 0 ? [`waiting=${found.waiting}`] : []),
    `lost=${found.lost.length}`,
    ...(options.powerLoss ? [`broker-lost=${brokerLost.size}`] : []),
    `duplicates=${found.duplicates.length}`,
    `reordered=${found.reordered.length}`,
    `kills=${strikes.kills}`,
    `seed=${options.seed}`,
  ]
  return `PROOF start ${figures.join(' ')}`
}

/** Why the proof does not hold; empty = it does. */
export function faultsOf(outcome: Outcome): readonly string[] {
  const { options, found, goal, brokerLost, faultProblem } = outcome
  const problems: string[] = []
  if (faultProblem !== undefined) problems.push(`not all faults could strike: ${faultProblem}`)
  if (found.committed !== goal) problems.push(`${found.committed} flights are committed instead of ${goal}`)
  const unexplained = found.lost.filter(({ number }) => !brokerLost.has(number))
  if (unexplained.length > 0) problems.push(`lost: ${unexplained.slice(0, 5).map(lostText).join('; ')}`)
  const unacknowledged = found.lost.filter(({ receipt }) => receipt === undefined)
  if (unacknowledged.length > 0) problems.push(`${unacknowledged.length} lost flights have no receipt`)
  if (options.broker && !isSoundButForLosses(found)) problems.push(...unsound(found))
  if (!options.broker && found.waiting !== goal) problems.push(`${found.waiting} messages wait instead of ${goal}`)
  return [...problems, ...faultsMissed(outcome)]
}

function unsound(found: Findings): string[] {
  const { duplicates, reordered, phantoms, altered, wrongReceipts, withoutReceipt, waiting, parked } = found
  const lists = { duplicates, reordered, phantoms, altered, wrongReceipts, withoutReceipt }
  const problems = Object.entries(lists)
    .filter(([, list]) => list.length > 0)
    .map(([name, list]) => `${name}: ${list.length}, e.g. ${list.slice(0, 3).join('; ')}`)
  if (waiting > 0) problems.push(`${waiting} messages still wait`)
  if (parked > 0) problems.push(`${parked} messages were set aside`)
  return problems
}

/** A proof under fewer faults than it claims proves less. */
function faultsMissed({ options, strikes, dropped }: Outcome): string[] {
  const problems: string[] = []
  if (options.faults && strikes.kills !== killCount)
    problems.push(`${strikes.kills} relay kills hit instead of ${killCount}`)
  if (options.faults && dropped !== dropCount)
    problems.push(`${dropped} responses were dropped instead of ${dropCount}`)
  if (options.faults && strikes.brokerKills !== 1) problems.push('the broker was not killed')
  if (options.powerLoss && strikes.powerLosses !== 1) problems.push('the broker lost no power')
  return problems
}

/** The table: what, how many, how it was checked. */
export function tableText(outcome: Outcome): string {
  const rows = [...factRows(outcome), ...checkRows(outcome), ...faultRows(outcome)].map(
    ([what, count, how]): [string, string, string] => [what, typeof count === 'number' ? thousands(count) : count, how],
  )
  const width = (column: 0 | 1): number => Math.max(...rows.map((row) => row[column].length))
  const [first, second] = [width(0), width(1)]
  return rows.map(([what, count, how]) => `  ${what.padEnd(first)}  ${count.padStart(second)}  ${how}`).join('\n')
}

function factRows({ found, takenBack }: Outcome): Row[] {
  return [
    ['what', 'how many', 'how it was checked'],
    ['flights committed', found.committed, "rows of the airline's own table, plain SQL"],
    ['transactions taken back', takenBack, 'written and sent, then rolled back by the airline'],
    ['messages in the topic', found.records, "records read with another Kafka client than waybill's"],
    ['receipts', found.receipts, 'rows of outbox_sent; each must point at its very record'],
  ]
}

function checkRows({ options, found, brokerLost }: Outcome): Row[] {
  const rows: Row[] = [
    ['lost', found.lost.length, 'committed, but neither in the topic nor waiting'],
    ['duplicates', found.duplicates.length, 'a message id or flight number at a second offset'],
    ['reordered', found.reordered.length, 'per airport: order of commit against order in the partition'],
    ['never committed', found.phantoms.length, 'records without a row (of a rolled-back transaction, say)'],
    ['altered', found.altered.length, 'key and every field of the record against the row'],
    ['wrong receipts', found.wrongReceipts.length, 'receipts that point elsewhere than at their message'],
    ['without a receipt', found.withoutReceipt.length, 'records that no receipt tells of'],
    ['still waiting', found.waiting, 'rows of outbox at the end'],
    ['set aside', found.parked, 'rows of outbox_parked'],
  ]
  if (options.powerLoss)
    rows.push(['lost by the broker', brokerLost.size, 'topic right before and after the power loss'])
  return rows
}

function faultRows({ options, strikes, dropped, relayFindings }: Outcome): Row[] {
  const rows: Row[] = []
  if (options.faults) {
    const { kills, misses, openFlights, brokerKills } = strikes
    rows.push([
      'relay killed',
      kills,
      `kill -9 with ${openFlights} flights open in all; ${misses} kills that hit none were repeated`,
    ])
    rows.push(['answers dropped', dropped, 'appended by the broker, answer never sent'])
    rows.push(['broker killed', brokerKills, 'kill -9, restarted on its files'])
  }
  if (options.fullDisk) rows.push(['disk full', strikes.fullDisks, 'every append refused for about two seconds'])
  if (options.powerLoss) {
    rows.push(['power lost', strikes.powerLosses, 'all that was not flushed is gone from the disk'])
    rows.push(['found by the relay', relayFindings, 'streams whose acknowledged records it found missing by itself'])
  }
  return rows
}

/** Names what the broker lost, with the receipts; at most `most` of them. */
export function lossesText({ found }: Outcome, most: number): string {
  const rest = found.lost.length - most
  const lines = found.lost.slice(0, most).map((lost) => `  ${lostText(lost)}`)
  return [...lines, ...(rest > 0 ? [`  and ${rest} more (all of them with -o json)`] : [])].join('\n')
}

function lostText({ number, key, receipt }: LostFlight): string {
  const where = receipt ? `acknowledged at ${receipt.partition}/${receipt.offset}` : 'never acknowledged'
  return `flight ${number} from ${key}, ${where}`
}

/** The whole outcome as one JSON object. */
export function jsonText(outcome: Outcome): string {
  const { options, strikes, brokerLost, found, ...rest } = outcome
  const { taken, ...struck } = strikes
  const problems = faultsOf(outcome)
  const proof = proofLine(outcome)
  const facts = { ...rest, seed: options.seed, found, strikes: { ...struck, taken: taken.length } }
  return JSON.stringify(
    { proof, holds: problems.length === 0, problems, ...facts, brokerLost: [...brokerLost] },
    null,
    2,
  )
}
