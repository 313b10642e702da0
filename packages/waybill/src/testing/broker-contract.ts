import assert from 'node:assert/strict'
import type { BrokerCase, BrokerHarness } from './broker/harness.js'
import { idempotenceScripts } from './broker/idempotence.js'
import { produceCases } from './broker/produce-cases.js'
import { readCases } from './broker/read-cases.js'

export type { BrokerCase, BrokerHarness } from './broker/harness.js'
export { idempotenceScripts, type Row, type Script } from './broker/idempotence.js'

/** A case bound to its harness, for any test runner. */
export interface BoundCase {
  readonly name: string
  readonly run: () => Promise<void>
}

/**
 * The promises of the broker port, for any adapter and cluster: the idempotence rules as Kafka 4.3.1 shows them, and what
 * produce, read and describe promise. Cases run one after the other: some restart the cluster.
 */
export function brokerContract(harness: BrokerHarness): readonly BoundCase[] {
  const rules = idempotenceScripts.map(
    ({ name, run, expected }): BrokerCase => ({
      name,
      run: async (each) => assert.deepEqual(await run(each), expected),
    }),
  )
  return [...rules, ...produceCases, ...readCases].map(({ name, run }) => ({ name, run: () => run(harness) }))
}
