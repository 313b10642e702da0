import type { BoardFindings } from './board-checker.js'
import { type Findings, type LostFlight, isSoundButForLosses } from './checker.js'
import type { Strikes } from './fault-runner.js'
import type { StartOptions } from './options.js'
import type { ConsumerName } from './scene.js'
import { consumerKillCount, dropCount, killCount } from './schedule.js'

/** All that a run found out. */
export interface Outcome {
  readonly options: StartOptions
  readonly found: Findings
  /** The arrivals board; undefined when there was no broker to consume from. */
  readonly board: BoardFindings | undefined
  /** The naive consumer's board, where one ran. */
  readonly naive: BoardFindings | undefined
  readonly strikes: Strikes
  /** Flights that were to be committed in all, those of earlier runs in the same folder included. */
  readonly goal: number
  /** Transactions that were taken back. */
  readonly takenBack: number
  /** Produce responses that the broker dropped. */
  readonly dropped: number
  /** Truncations and the like that the relay itself reported. */
  readonly relayFindings: number
  /** The same from the consumer: each is reported when it is found, before anything after it is handled. */
  readonly consumerFindings: number
  /** Numbers of flights whose records a power loss took and that never came back. */
  readonly brokerLost: ReadonlySet<number>
  /** Why not all faults could strike, if so. */
  readonly faultProblem: string | undefined
  /** Consumers that had not committed the end of the topic at the deadline. */
  readonly unread: readonly ConsumerName[]
  readonly seconds: number
  readonly perSecond: number
}

/** The last line of a run. */
export function proofLine({ options, found, board, strikes, brokerLost }: Outcome): string {
  const figures = [
    `committed=${found.committed}`,
    `in-topic=${found.inTopic}`,
    ...(found.waiting > 0 ? [`waiting=${found.waiting}`] : []),
    `handled=${board?.handled ?? 0}`,
    `lost=${found.lost.length}`,
    ...(options.powerLoss ? [`broker-lost=${brokerLost.size}`] : []),
    `duplicates=${found.duplicates.length}`,
    `reordered=${found.reordered.length + (board?.reordered.length ?? 0)}`,
    `effects-doubled=${board?.doubled.length ?? 0}`,
    `kills=${strikes.kills + strikes.consumerKills}`,
    `seed=${options.seed}`,
  ]
  return `PROOF start ${figures.join(' ')}`
}

/** The line about the naive consumer; undefined when none ran. */
export function naiveLine({ options, naive, strikes }: Outcome): string | undefined {
  if (!naive) return undefined
  const { handled, missing, doubled } = naive
  const figures = `handled=${handled} lost=${missing.length} doubled=${doubled.length}`
  return `NAIVE start ${figures} kills=${strikes.naiveKills} seed=${options.seed}`
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
  return [...problems, ...boardFaults(outcome), ...naiveFaults(outcome), ...faultsMissed(outcome)]
}

/** A message that the broker lost may have been handled before, or not: both are right. Any other has exactly one effect. */
function boardFaults({ options, board, brokerLost, unread, consumerFindings }: Outcome): string[] {
  if (!board) return options.broker ? ['there is no arrivals board'] : []
  const { doubled, reordered, phantoms, altered } = board
  const unhandled = board.missing.filter((number) => !brokerLost.has(number)).map((number) => `flight ${number}`)
  const lists = { unhandled, doubled, reordered, phantoms, altered }
  const problems = listFaults(lists).map((problem) => `on the board ${problem}`)
  if (unread.includes('arrivals')) problems.push('the consumer did not commit the end of the topic')
  if (consumerFindings > 0 && !options.powerLoss) problems.push(`${consumerFindings} findings of the consumer`)
  return problems
}

/** Kills that cost even the naive consumer nothing prove nothing. */
function naiveFaults({ options, naive, unread, strikes }: Outcome): string[] {
  if (!options.naive) return []
  const problems: string[] = []
  if (naive?.missing.length === 0) problems.push('the naive consumer lost nothing, so these kills prove nothing')
  if (unread.includes('naive')) problems.push('the naive consumer did not come to the end, so its figures say nothing')
  if (strikes.naiveKills !== consumerKillCount)
    problems.push(`${strikes.naiveKills} kills of the naive consumer hit instead of ${consumerKillCount}`)
  return problems
}

function unsound(found: Findings): string[] {
  const { duplicates, reordered, phantoms, altered, wrongReceipts, withoutReceipt, waiting, parked } = found
  const problems = listFaults({ duplicates, reordered, phantoms, altered, wrongReceipts, withoutReceipt })
  if (waiting > 0) problems.push(`${waiting} messages still wait`)
  if (parked > 0) problems.push(`${parked} messages were set aside`)
  return problems
}

function listFaults(lists: Readonly<Record<string, readonly string[]>>): string[] {
  return Object.entries(lists)
    .filter(([, list]) => list.length > 0)
    .map(([name, list]) => `${name}: ${list.length}, e.g. ${list.slice(0, 3).join('; ')}`)
}

/** A proof under fewer faults than it claims proves less. */
function faultsMissed({ options, strikes, dropped }: Outcome): string[] {
  const problems: string[] = []
  if (options.faults && strikes.kills !== killCount)
    problems.push(`${strikes.kills} relay kills hit instead of ${killCount}`)
  if (options.faults && strikes.consumerKills !== consumerKillCount)
    problems.push(`${strikes.consumerKills} consumer kills hit instead of ${consumerKillCount}`)
  if (options.faults && dropped !== dropCount)
    problems.push(`${dropped} responses were dropped instead of ${dropCount}`)
  if (options.faults && strikes.brokerKills !== 1) problems.push('the broker was not killed')
  if (options.powerLoss && strikes.powerLosses !== 1) problems.push('the broker lost no power')
  return problems
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
