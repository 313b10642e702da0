/** Contract suites for adapters of your own (a store or a broker is right when it passes all cases), and our header. */
export { storeContract } from './testing/store-contract.js'
export type { ParkedView, SentView, StoreCase, StoreHarness, StoreWorld } from './testing/store-contract.js'
export { brokerContract, idempotenceScripts } from './testing/broker-contract.js'
export type { BoundCase, BrokerCase, BrokerHarness, Row, Script } from './testing/broker-contract.js'
export { formatHeader, headerName, parseHeader } from './model/header.js'
export type { WaybillHeader } from './model/header.js'
