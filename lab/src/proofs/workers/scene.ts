import type { RelayOptions } from 'waybill'

/** waybill's name for the service. */
export const source = 'shop'
export const lanes = 8
export const partitions = 4
/** Names of the customers; their orders are in order. */
export const keys: readonly string[] = Array.from({ length: 12 }, (_, at) => `customer-${at}`)
export const perTransaction = 3

/** Short times, so that a case takes seconds. */
export const relayOptions: Partial<RelayOptions> = {
  leaseMs: 1_500,
  // Several flights for each stream.
  batchRowsMax: 4,
  requestTimeoutMs: 1_500,
  drainMs: 1_500,
  backoffMinMs: 10,
  backoffMaxMs: 300,
  sweepMs: 1_000,
  rejectAfter: 3,
}
