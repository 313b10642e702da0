import { WaybillError } from '../../model/errors.js'
import type { Step, StepResult } from '../../ports/outbox-store.js'
import type { Database } from './database.js'
import { arrayOf, numberOf, plainText, textArrayOf, textOf } from './rows.js'
import { begun, usualCall } from './usual-steps.js'

/**
 * Applies steps in order: one statement, `outbox_advance` in migrations/0002-steps.sql, which holds the rules of
 * stores/step-rules.ts. What looks like a usual turn of the relay goes to `outbox_advance_usual` first, which does all of
 * it or nothing. Waits for a lane's lock at most `lockMs`.
 */
export async function advance(db: Database, steps: readonly Step[], lockMs: number): Promise<readonly StepResult[]> {
  if (steps.length === 0) return []
  const usual = usualCall(steps)
  const [stamps = null] = usual ? await db.row('advance-usual', ...usual.params, lockMs) : []
  if (usual && stamps !== null) return usual.results(stamps.slice(1, -1).split(',').map(numberOf))
  return advanceByStep(db, steps, lockMs)
}

async function advanceByStep(db: Database, steps: readonly Step[], lockMs: number): Promise<readonly StepResult[]> {
  const [json] = await db.row('advance', JSON.stringify(steps.map(plainStep)), lockMs)
  const results: unknown = JSON.parse(textOf(json))
  if (!Array.isArray(results) || results.length !== steps.length)
    throw new WaybillError('WB_STORE_CORRUPT', `outbox_advance answered ${textOf(json).slice(0, 200)}`)
  return steps.map((step, index) => resultOf(step, results[index]))
}

/** A step as the function reads it: flat, and arrays in PostgreSQL's text form (jsonb would make a numeric of each id). */
function plainStep(step: Step): Readonly<Record<string, unknown>> {
  switch (step.kind) {
    case 'claim': {
      const { incarnation, rowIds, ...rest } = step
      return { ...rest, ...incarnation, rowIds: arrayOf(rowIds), ...badClaim(rowIds) }
    }
    case 'mark': {
      const { flight, ...rest } = step
      return { ...rest, ...flat(flight) }
    }
    case 'release': {
      const { flight, found, next, rejected, ...rest } = step
      const ids = found.map((row) => row.rowId)
      return {
        ...rest,
        ...flat(flight),
        nextProducerId: next.producerId,
        nextProducerEpoch: next.producerEpoch,
        foundIds: arrayOf(ids),
        foundOffsets: arrayOf(found.map((row) => row.offset)),
        ...(rejected && { rejected: rejected.rowId, reason: plainText(rejected.reason) }),
        ...(new Set(ids).size !== ids.length && { bad: 'a found row is named twice' }),
      }
    }
    case 'park':
      return { ...step, reason: plainText(step.reason) }
    case 'recognize': {
      const { messages, ...rest } = step
      return {
        ...rest,
        messageIds: textArrayOf(messages.map(({ messageId }) => messageId)),
        offsets: arrayOf(messages.map(({ offset }) => offset)),
        producerIds: arrayOf(messages.map(({ incarnation }) => incarnation.producerId)),
        producerEpochs: arrayOf(messages.map(({ incarnation }) => incarnation.producerEpoch)),
        sequences: arrayOf(messages.map(({ sequence }) => sequence)),
      }
    }
    case 'hold-lift':
      return step
  }
}

function flat({ incarnation, ...rest }: Extract<Step, { kind: 'mark' }>['flight']): Readonly<Record<string, unknown>> {
  const { lane, topic, partition, firstSequence } = rest
  return { lane, topic, partition, firstSequence, ...incarnation }
}

function badClaim(rowIds: readonly number[]): { readonly bad?: string } {
  if (rowIds.length === 0) return { bad: 'a claim without rows' }
  return new Set(rowIds).size === rowIds.length ? {} : { bad: 'a row is named twice' }
}

function resultOf(step: Step, result: unknown): StepResult {
  if (typeof result === 'object' && result !== null && 'kind' in result) {
    if (result.kind === 'fenced') return { kind: 'fenced' }
    if (result.kind === 'conflict' && 'detail' in result) return { kind: 'conflict', detail: String(result.detail) }
    if (result.kind === 'done' && 'rowIds' in result && Array.isArray(result.rowIds))
      return { kind: 'done', rowIds: result.rowIds.map(Number) }
    if (result.kind === 'done' && step.kind !== 'claim') return { kind: 'done' }
    if (result.kind === 'done' && step.kind === 'claim' && 'stamp' in result && typeof result.stamp === 'number')
      return begun(step, result.stamp)
  }
  throw new WaybillError('WB_STORE_CORRUPT', `outbox_advance answered ${JSON.stringify(result)} to a ${step.kind}`)
}
