import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createBroker, type Broker } from '@waybill/broker'
// The scripts and the raw connection are tests of the broker's own, no part of its package: types only, the code by address.
import type * as Scripts from '../../../packages/broker/test/groups/scripts.js'
import type * as Sessions from '../../../packages/broker/test/groups/session.js'
import { type KafkaCluster, startKafka } from '../../src/cluster/kafka-cluster.js'

const compiled = new URL('../../../../packages/broker/dist/test/groups/', import.meta.url)
const { groupScripts } = (await import(new URL('scripts.js', compiled).href)) as typeof Scripts
const { Session } = (await import(new URL('session.js', compiled).href)) as typeof Sessions

describe('the embedded broker answers group requests as Kafka does, field by field', () => {
  let real: KafkaCluster | undefined
  let embedded: Broker | undefined

  before(async () => {
    ;[real, embedded] = await Promise.all([
      startKafka({ nodes: 1, properties: Session.realKafkaConfigs }),
      createBroker({ configs: Session.configs }),
    ])
  })
  after(() => Promise.all([real?.stop(), embedded?.close()]))

  for (const script of groupScripts)
    it(script.name, async () => {
      assert.ok(real && embedded)
      const run = async (port: number, settleMs?: number): Promise<readonly Sessions.Line[]> => {
        const session = new Session(port, settleMs)
        try {
          await script.run(session)
          return session.lines
        } finally {
          session.close()
        }
      }
      const port = Number(real.bootstrap[0]?.split(':')[1])
      const [fromReal, fromEmbedded] = await Promise.all([run(port, 500), run(embedded.port)])
      assert.ok(fromReal.length > 0)
      assert.deepEqual(fromEmbedded, fromReal)
    })
})
