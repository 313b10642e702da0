/** The contract suites, for those who write an adapter of their own, and what a foreign consumer needs to read our header. */
export type { BoundCase, BrokerCase, BrokerHarness, Row, Script } from './testing/broker-contract.js'
export { brokerContract, idempotenceScripts } from './testing/broker-contract.js'
export { formatHeader, headerName, parseHeader } from './model/header.js'
export type { WaybillHeader } from './model/header.js'
