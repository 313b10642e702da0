import { describe } from 'node:test'
import { describeGroupContract, kafkaGroupStage } from './group-harness.js'

/** Also named in scripts/kafka-jars.mjs, which fetches it. */
const version = '3.9.1'

// Kafka 3 gives a leader a new epoch only when the controller noticed its absence: the fetch cases, which want one after each
// restart, run with Kafka 4.
describe('the wire adapter and the last Kafka 3 keep the group contract', () => {
  describeGroupContract(() => kafkaGroupStage(version), ['auto'], { hasFetches: false })
})
