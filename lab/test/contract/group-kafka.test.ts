import { after, before, describe, it } from 'node:test'
import { groupContract, type GroupHarness } from 'waybill/testing'
import { kafkaGroupStage, type GroupStage } from './group-harness.js'

describe('the wire adapter and a real Kafka keep the group contract', () => {
  let stage: GroupStage | undefined
  // The cases' names are needed before the broker is up.
  const harness = new Proxy({} as GroupHarness, {
    get: (_, name) => Reflect.get(stage?.harness ?? {}, name) as unknown,
  })

  before(async () => {
    stage = await kafkaGroupStage()
  })
  after(() => stage?.[Symbol.asyncDispose]())

  for (const { name, run } of groupContract(harness)) it(name, run)
})
