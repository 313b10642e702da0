import { describe } from 'node:test'
import { describeGroupContract, kafkaGroupStage } from './group-harness.js'

describe('the wire adapter and a real Kafka keep the group contract', () => {
  describeGroupContract(kafkaGroupStage, ['consumer', 'classic'])
})
