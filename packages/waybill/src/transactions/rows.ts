import type { SqlRow } from '../ports/transactions.js'
import { isObject } from './refusal.js'

/** The rows of a driver's answer: a list, or an object with one; none of a statement without rows. */
export function rowsOf(answer: unknown): readonly SqlRow[] {
  const rows: unknown = isObject(answer) && !Array.isArray(answer) ? answer.rows : answer
  return Array.isArray(rows) ? rows.filter(isObject) : []
}
