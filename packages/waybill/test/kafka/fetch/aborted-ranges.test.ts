import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { AbortedRanges } from '../../../src/kafka/fetch/aborted-ranges.js'
import type { AbortedTransaction } from '../../../src/kafka/fetch/fetch-api.js'
import { rawBatches } from '../../../src/kafka/records/decode-batches.js'
import { batch } from './log-writer.js'

/** Steps of two transactional producers and a plain one, 9; mostly every transaction ends. */
const steps = fc
  .tuple(
    fc.array(
      fc.record({ producerId: fc.constantFrom(1, 2, 9), does: fc.constantFrom('write', 'write', 'commit', 'abort') }),
      { minLength: 8, maxLength: 40 },
    ),
    fc.subarray([1, 2], { minLength: 1 }),
  )
  .map(([choices, ended]) => [...choices, ...ended.map((producerId) => ({ producerId, does: 'commit' }))])

interface Log {
  readonly batches: readonly { bytes: Buffer; offset: number; isVisible: boolean }[]
  readonly aborted: readonly (AbortedTransaction & { markerOffset: number })[]
}

/** The log that these steps write, as a broker would, and which of its batches a reader of committed records may see. */
function logOf(choices: readonly { producerId: number; does: string }[]): Log {
  const batches: { bytes: Buffer; offset: number; isVisible: boolean }[] = []
  const aborted: (AbortedTransaction & { markerOffset: number })[] = []
  const open = new Map<number, number[]>() // producer: indexes of its open transaction's batches
  for (const { producerId, does } of choices) {
    const baseOffset = batches.length
    const isTransactional = producerId !== 9
    const mine = open.get(producerId)
    if (does === 'write' || !isTransactional) {
      batches.push({
        bytes: batch({ baseOffset, values: ['v'], producerId, isTransactional }),
        offset: baseOffset,
        isVisible: !isTransactional,
      })
      if (isTransactional) open.set(producerId, [...(mine ?? []), baseOffset])
    } else if (mine !== undefined) {
      const marker = does === 'commit' ? 'commit' : 'abort'
      batches.push({
        bytes: batch({ baseOffset, values: [''], producerId, isTransactional, marker }),
        offset: baseOffset,
        isVisible: false,
      })
      for (const index of mine) {
        const written = batches[index]
        if (written) written.isVisible = marker === 'commit'
      }
      if (marker === 'abort') aborted.push({ producerId, firstOffset: mine[0] ?? -1, markerOffset: baseOffset })
      open.delete(producerId)
    }
  }
  // The last stable offset: nothing from the first open transaction on is answered.
  const stable = Math.min(batches.length, ...[...open.values()].flat())
  return { batches: batches.slice(0, stable), aborted: aborted.filter(({ firstOffset }) => firstOffset < stable) }
}

describe('aborted transactions', () => {
  it('are hidden, and nothing else is, wherever the fetch begins and ends', () => {
    fc.assert(
      fc.property(steps, fc.nat(12), fc.nat(50), (choices, first, count) => {
        const { batches, aborted } = logOf(choices)
        const window = batches.slice(first, first + count)
        const [from, to] = [window[0]?.offset ?? 0, window.at(-1)?.offset ?? 0]
        // What Kafka names (TransactionIndex): aborted transactions that overlap what it answers.
        const named = aborted.filter(({ markerOffset, firstOffset }) => markerOffset >= from && firstOffset <= to)
        const ranges = new AbortedRanges(named)
        const seen = [...rawBatches(Buffer.concat(window.map(({ bytes }) => bytes)))].map((raw) => !ranges.hides(raw))
        assert.deepEqual(
          seen,
          window.map(({ isVisible }) => isVisible),
        )
      }),
      { numRuns: 2000 },
    )
  })
})
