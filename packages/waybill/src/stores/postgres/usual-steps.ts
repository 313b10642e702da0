import { WaybillError } from '../../model/errors.js'
import { sameIncarnation } from '../../model/flight.js'
import type { Step, StepResult } from '../../ports/outbox-store.js'
import type { ClaimStep, MarkStep } from '../step-rules.js'
import type { TextParam } from './driver.js'
import { arrayOf, textArrayOf } from './rows.js'

/**
 * Flights up to so many rows are looked up row by row, which `outbox_advance_usual` does. Beyond, a scan of their range costs less
 * than starting the statements of a step [with 8 steps a call: of one row 60 against 99 µs a step, of 64 rows 350 against 275].
 */
export const usualRowsMax = 32

/** What a call does to one stream: end its flight, begin one, or both in this order. */
interface Turn {
  mark?: MarkStep
  claim?: ClaimStep
}

/** A call as `outbox_advance_usual` takes it. */
export interface UsualCall {
  /** Parameters of the statement, but for the last one, the lock's time-out. */
  readonly params: readonly TextParam[]
  /** Results of the steps in their order, from the stamps that it returned, one for each stream. */
  results(stamps: readonly number[]): readonly StepResult[]
}

/**
 * The steps as a usual turn of the relay, `undefined` when they are not one: of each stream at most a mark and then a claim,
 * under one fence and incarnation; small claims of different rows, on streams in use. No such step looks at what another one
 * changes (but the claim at its mark), so doing all of them at once is doing them in order.
 */
export function usualCall(steps: readonly Step[]): UsualCall | undefined {
  const turns = new Map<string, Turn>()
  const turnOf: Turn[] = []
  const fences = new Map<number, number>()
  const rowIds = new Set<number>()
  for (const step of steps) {
    if (step.kind !== 'mark' && step.kind !== 'claim') return undefined
    const { lane, topic, partition } = step.kind === 'mark' ? step.flight : step
    if ((fences.get(lane) ?? step.fence) !== step.fence) return undefined
    fences.set(lane, step.fence)
    const key = `${lane} ${partition} ${topic}`
    let turn = turns.get(key)
    if (!turn) turns.set(key, (turn = {}))
    turnOf.push(turn)
    if (turn.claim) return undefined
    if (step.kind === 'claim') {
      if (!isUsual(step, turn.mark, rowIds)) return undefined
      turn.claim = step
    } else if (turn.mark) return undefined
    else turn.mark = step
  }
  const inOrder = [...turns.values()]
  return {
    params: paramsOf(inOrder, fences),
    results(stamps) {
      const stampOf = new Map(inOrder.map((turn, i) => [turn, stamps[i]]))
      return steps.map((step, i) => {
        const turn = turnOf[i]
        return step.kind === 'claim' ? begun(step, (turn && stampOf.get(turn)) ?? Number.NaN) : { kind: 'done' }
      })
    },
  }
}

/** Whether the claim may follow the mark, if there is one. Adds its rows to those of the call. */
function isUsual(
  { rowIds, incarnation, firstSequence }: ClaimStep,
  mark: MarkStep | undefined,
  all: Set<number>,
): boolean {
  // 0: a stream that is opened, or goes on under a new incarnation.
  if (firstSequence === 0 || rowIds.length === 0 || rowIds.length > usualRowsMax) return false
  if (mark && !sameIncarnation(mark.flight.incarnation, incarnation)) return false
  const before = all.size
  for (const rowId of rowIds) all.add(rowId)
  return all.size === before + rowIds.length
}

function paramsOf(turns: readonly Turn[], fences: ReadonlyMap<number, number>): readonly TextParam[] {
  const lanes = [...fences].sort(([a], [b]) => a - b)
  const of = (read: (place: MarkStep['flight'] | ClaimStep, turn: Turn) => number): string =>
    arrayOf(turns.map((turn) => read(placeOf(turn), turn)))
  let from = 1
  const starts = turns.map(({ claim }) => {
    const start = from
    from += claim?.rowIds.length ?? 0
    return start
  })
  return [
    arrayOf(lanes.map(([lane]) => lane)),
    arrayOf(lanes.map(([, fence]) => fence)),
    of(({ lane }) => lane),
    textArrayOf(turns.map((turn) => placeOf(turn).topic)),
    of(({ partition }) => partition),
    of(({ lane }) => fences.get(lane) ?? -1),
    of(({ incarnation }) => incarnation.producerId),
    of(({ incarnation }) => incarnation.producerEpoch),
    of((_, { mark }) => mark?.flight.firstSequence ?? -1),
    of((_, { mark }) => mark?.baseOffset ?? -1),
    of((_, { mark }) => mark?.leaderEpoch ?? -1),
    of((_, { claim }) => claim?.firstSequence ?? -1),
    textArrayOf(turns.map(({ claim }) => claim?.topicId ?? '')),
    arrayOf(starts),
    arrayOf(turns.map(({ claim }, i) => (starts[i] ?? 0) + (claim?.rowIds.length ?? 0) - 1)),
    arrayOf(turns.flatMap(({ claim }) => claim?.rowIds ?? [])),
    usualRowsMax,
  ]
}

/** A turn has a mark or a claim, and both name the same stream and incarnation. */
function placeOf({ mark, claim }: Turn): MarkStep['flight'] | ClaimStep {
  const place = mark?.flight ?? claim
  if (place) return place
  throw new WaybillError('WB_INTERNAL', 'a turn of a stream without a step')
}

/** The result of a claim that was done. */
export function begun(step: ClaimStep, stampMs: number): StepResult {
  const { lane, topic, partition, incarnation, firstSequence, rowIds, fence } = step
  const flight = { lane, topic, partition, incarnation, firstSequence, rowIds: [...rowIds] }
  return { kind: 'done', flight: { ...flight, stampMs, claimedFence: fence } }
}
