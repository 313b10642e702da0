import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { idempotenceScripts } from 'waybill/testing'
import { embeddedStage, kafkaStage, type Stage } from './harness.js'

/** Where the embedded broker may answer otherwise than Kafka: script name, and why. There is none. */
const allowedDifferences: Readonly<Record<string, string>> = {}

describe('the embedded broker answers the idempotence scripts as Kafka does, field by field', () => {
  let real: Stage | undefined
  let embedded: Stage | undefined

  before(async () => {
    ;[real, embedded] = await Promise.all([kafkaStage(), embeddedStage()])
  })
  after(() => Promise.all([real?.[Symbol.asyncDispose](), embedded?.[Symbol.asyncDispose]()]))

  for (const { name, run } of idempotenceScripts)
    it(name, async (t) => {
      assert.ok(real && embedded)
      if (allowedDifferences[name] !== undefined) return t.skip(allowedDifferences[name])
      const [fromReal, fromEmbedded] = [await run(real.harness), await run(embedded.harness)]
      assert.ok(fromReal.length > 0)
      assert.deepEqual(fromEmbedded, fromReal)
    })
})
