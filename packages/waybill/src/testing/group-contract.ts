import type { BoundCase } from './broker-contract.js'
import { commitCases } from './group/commit-cases.js'
import { fetchCases, transactionCases } from './group/fetch-cases.js'
import type { GroupHarness } from './group/harness.js'
import { memberCases } from './group/member-cases.js'

export type { GroupCase, GroupHarness, GroupOpening } from './group/harness.js'

/**
 * The promises of the ports `Groups` and `Fetcher`, for any adapter and cluster. Cases run one after the other: some restart
 * the cluster. `hasTransactions: false` leaves out what needs `harness.transact`, `hasFetches: false` what has nothing to do with groups and was run with
 * another protocol.
 */
export function groupContract(
  harness: GroupHarness,
  { hasTransactions = true, hasFetches = true }: { hasTransactions?: boolean; hasFetches?: boolean } = {},
): readonly BoundCase[] {
  const fetches = hasFetches ? [...fetchCases, ...(hasTransactions ? transactionCases : [])] : []
  const cases = [...memberCases, ...commitCases, ...fetches]
  return cases.map(({ name, run }) => ({ name, run: () => run(harness) }))
}
