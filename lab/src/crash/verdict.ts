import type { EffectFindings } from './board.js'
import type { TopicVerdict } from './ledger.js'

/** What the oracle says of one case. */
export interface Verdict {
  readonly topic: TopicVerdict
  /** Where consumers had a part in it. */
  readonly effects?: EffectFindings
  /** Everything that is wrong beside the figures of the proof's last line. */
  readonly problems: readonly string[]
}

/** The figures of the proof's last line, for one case. */
export interface Figures {
  readonly lost: number
  readonly duplicates: number
  readonly reordered: number
  readonly doubled: number
}

/** Counts what is wrong; effects count as messages, but for doubled ones. */
export function figuresOf({ topic, effects }: Verdict): Figures {
  return {
    lost: topic.lost.length + (effects?.lost.length ?? 0),
    duplicates: topic.found.duplicates.length,
    reordered: topic.found.reordered.length + (effects?.reordered.length ?? 0),
    doubled: effects?.doubled.length ?? 0,
  }
}

/** True when nothing at all is wrong. */
export function holds(verdict: Verdict): boolean {
  const { lost, duplicates, reordered, doubled } = figuresOf(verdict)
  return lost + duplicates + reordered + doubled + verdict.problems.length === 0
}

/** What is wrong with topic and outbox when all is over, in words. `parked`: flights that must be set aside, and no others. */
export function topicProblems(verdict: TopicVerdict, parked: readonly number[]): readonly string[] {
  const { phantoms, altered, wrongReceipts, withoutReceipt, records, receipts, committed } = verdict.found
  const lists = { phantoms, altered, wrongReceipts, withoutReceipt }
  const wrong = Object.entries(lists).flatMap(([name, list]) =>
    list.length > 0 ? [`${name}: ${list.join(', ')}`] : [],
  )
  if (committed === 0) wrong.push('nothing was committed, so nothing is proven')
  if (receipts !== records) wrong.push(`${receipts} receipts for ${records} records`)
  if (verdict.waiting.length > 0) wrong.push(`still waiting: ${verdict.waiting.join(', ')}`)
  if (!same(verdict.parked, parked)) wrong.push(`parked ${verdict.parked.join(', ')} instead of ${parked.join(', ')}`)
  return wrong
}

/** The same numbers in any order. */
export function same(a: readonly number[], b: readonly number[]): boolean {
  const order = (list: readonly number[]): string => list.toSorted((x, y) => x - y).join()
  return order(a) === order(b)
}
