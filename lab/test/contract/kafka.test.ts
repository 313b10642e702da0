import { after, before, describe, it } from 'node:test'
import { brokerContract, type BrokerHarness } from 'waybill/testing'
import { kafkaStage, type Stage } from './harness.js'

describe('the wire adapter and a real Kafka keep the broker contract', () => {
  let stage: Stage | undefined
  // The cases' names are needed before the broker is up.
  const harness = new Proxy({} as BrokerHarness, {
    get: (_, name) => Reflect.get(stage?.harness ?? {}, name) as unknown,
  })

  before(async () => {
    stage = await kafkaStage()
  })
  after(() => stage?.[Symbol.asyncDispose]())

  for (const { name, run } of brokerContract(harness)) it(name, run)
})
