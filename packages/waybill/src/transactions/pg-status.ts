import type { SqlValue } from '../ports/transactions.js'
import { failed, notOpen } from './guard.js'
import { refusal } from './refusal.js'

/** A client of `pg` that tells the server's transaction status, as of the last answered statement. */
export interface TellingClient {
  getTransactionStatus(): unknown
}

/** Whether this client of `pg` tells its transaction status: older versions and pg-native do not. */
export function tells(client: object): client is TellingClient {
  return 'getTransactionStatus' in client && typeof client.getTransactionStatus === 'function'
}

/** Throws unless the client is in an open transaction that can still commit. */
export function checkStatus(client: TellingClient, fix: string): void {
  const status = client.getTransactionStatus()
  if (status === 'E') throw refusal(failed, fix)
  if (status !== 'T') throw refusal(notOpen, fix)
}

/**
 * The same parameters; pg asks the first one for its text when the statement's turn has come, and all before it have been
 * answered. So a COMMIT that is queued before the statement is noticed before the statement leaves, without a round trip.
 */
export function checkedAtTurn(client: TellingClient, params: readonly SqlValue[], fix: string): unknown[] {
  const [first = null, ...others] = params
  const toPostgres = (prepare: (value: SqlValue) => unknown): unknown => {
    checkStatus(client, fix)
    return prepare(first)
  }
  return params.length === 0 ? [] : [{ toPostgres }, ...others]
}
