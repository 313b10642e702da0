import type { Findings } from './oracle.js'

/** The figures of the proof's last line. */
export interface Figures {
  readonly lost: number
  readonly duplicates: number
  readonly reordered: number
  readonly wrongReceipts: number
}

/** Counts what the last line counts. */
export function figuresOf({ lost, duplicates, reordered, wrongReceipts }: Findings): Figures {
  return {
    lost: lost.length,
    duplicates: duplicates.length,
    reordered: reordered.length,
    wrongReceipts: wrongReceipts.length,
  }
}

/** Everything else that is wrong, in words. `expected`: what may wait or be set aside in this case; nothing unless told. */
export function problemsOf(
  findings: Findings,
  expected: { readonly waiting?: readonly number[]; readonly parked?: readonly number[] } = {},
): readonly string[] {
  const { phantoms, altered, unaccounted, waiting, parked, committed } = findings
  const lists = { phantoms, altered, unaccounted }
  const problems = Object.entries(lists).flatMap(([name, list]) =>
    list.length > 0 ? [`${name} (${list.length}): ${list.slice(0, 5).join('; ')}`] : [],
  )
  if (committed === 0) problems.push('nothing was committed, so nothing is proven')
  if (!same(waiting, expected.waiting ?? []))
    problems.push(`waiting: ${short(waiting)} instead of ${short(expected.waiting ?? [])}`)
  if (!same(parked, expected.parked ?? []))
    problems.push(`parked: ${short(parked)} instead of ${short(expected.parked ?? [])}`)
  return problems
}

/** The same numbers in any order. */
function same(a: readonly number[], b: readonly number[]): boolean {
  const order = (list: readonly number[]): string => list.toSorted((x, y) => x - y).join()
  return order(a) === order(b)
}

function short(list: readonly number[]): string {
  return list.length > 12 ? `${list.slice(0, 12).join(', ')} and ${list.length - 12} more` : list.join(', ') || 'none'
}
