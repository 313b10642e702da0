import { describe } from 'node:test'
import { describeGroupContract, embeddedGroupStage } from './group-harness.js'

describe('the wire adapter and the embedded broker keep the group contract', () => {
  describeGroupContract(embeddedGroupStage, ['consumer', 'classic'], { hasTransactions: false })
})
