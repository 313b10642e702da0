import { after, before, describe, it } from 'node:test'
import { groupContract, type GroupHarness } from 'waybill/testing'
import { embeddedGroupStage, type GroupStage } from './group-harness.js'

describe('the wire adapter and the embedded broker keep the group contract', () => {
  let stage: GroupStage | undefined
  // The cases' names are needed before the broker is up.
  const harness = new Proxy({} as GroupHarness, {
    get: (_, name) => Reflect.get(stage?.harness ?? {}, name) as unknown,
  })

  before(async () => {
    stage = await embeddedGroupStage()
  })
  after(() => stage?.[Symbol.asyncDispose]())

  for (const { name, run } of groupContract(harness, { hasTransactions: false })) it(name, run)
})
