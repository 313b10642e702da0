/** Contract suites for adapters of your own (a store or a broker is right when it passes all cases), and our header. */
export { storeContract } from './testing/store-contract.js'
export type {
  DiscardedView,
  ParkedView,
  SentView,
  StoreCase,
  StoreHarness,
  StoreWorld,
} from './testing/store-contract.js'
export { inboxContract } from './testing/inbox-contract.js'
export type { InboxCase, InboxHarness, InboxSide, InboxWorld } from './testing/inbox-contract.js'
export { brokerContract, idempotenceScripts } from './testing/broker-contract.js'
export type { BoundCase, BrokerCase, BrokerHarness, Row, Script } from './testing/broker-contract.js'
export { groupContract } from './testing/group-contract.js'
export type { GroupCase, GroupHarness, GroupOpening } from './testing/group-contract.js'
export { formatHeader, headerName, parseHeader } from './model/header.js'
export type { WaybillHeader } from './model/header.js'
/** Names of the points at which a crash test can act through the option `failpoints`. */
export { failpointNames } from './ports/failpoint.js'
export type { FailpointName } from './ports/failpoint.js'
