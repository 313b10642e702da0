import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { after, before, describe, it } from 'node:test'
import { connectionsApiChannel } from '@platformatic/kafka'
import { kafka, type KafkaOptions, type ProduceOutcome } from 'waybill/kafka'
import { until } from '../../src/cluster/until.js'
import { administrator as user, password, SecureNode, sessionMs } from './secure-node.js'

const saslHandshakeKey = 17
const scram = { 'SCRAM-SHA-256': 'sha256', 'SCRAM-SHA-512': 'sha512' } as const

describe('over TLS and SASL', () => {
  let secure: SecureNode | undefined
  before(async () => {
    secure = await SecureNode.start()
    for (const hash of Object.values(scram)) await secure.addScramUser(user, hash)
  })
  after(() => secure?.stop())

  const options = (changes: Partial<KafkaOptions> = {}): KafkaOptions => {
    assert.ok(secure)
    return {
      brokers: [secure.bootstrap()],
      tls: { ca: secure.authority() },
      sasl: { mechanism: 'PLAIN', username: user, password },
      connectTimeoutMs: 3000,
      ...changes,
    }
  }

  for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const) {
    it(`${mechanism} signs in`, async () => {
      const broker = kafka(options({ sasl: { mechanism, username: user, password } }))
      try {
        assert.ok((await broker.initProducerId()) >= 0)
      } finally {
        await broker.close()
      }
    })

    it(`${mechanism}: a wrong password and an unknown user are named as the cause`, async () => {
      for (const wrong of [{ password: 'wrong' }, { username: 'nobody' }])
        await fails({ sasl: { mechanism, username: user, password, ...wrong } }, /SASL authentication failed/)
    })
  }

  /** Opens an adapter that must fail at once, with this reason and not with a time-out. */
  async function fails(changes: Partial<KafkaOptions>, message: RegExp): Promise<void> {
    const broker = kafka(options(changes))
    const startMs = performance.now()
    try {
      await assert.rejects(broker.clusterId(), { code: 'WB_KAFKA_UNREACHABLE', message })
      assert.ok(performance.now() - startMs < 20_000)
    } finally {
      await broker.close()
    }
  }

  it('a certificate that nobody vouches for is refused, also when somebody vouches for another', async () => {
    await fails({ tls: {} }, /self-signed certificate/)
    await fails({ tls: { ca: secure?.authority('MISNAMED') ?? '' } }, /self-signed certificate/)
  })

  it('a certificate that has run out is refused', async () => {
    const tls = { ca: secure?.authority('EXPIRED') ?? '' }
    await fails({ brokers: [secure?.bootstrap('EXPIRED') ?? ''], tls }, /certificate has expired/)
  })

  it("a certificate for another host is refused, unless the host's other name is told", async () => {
    const brokers = [secure?.bootstrap('MISNAMED') ?? '']
    const tls = { ca: secure?.authority('MISNAMED') ?? '' }
    await fails({ brokers, tls }, /does not match certificate's altnames/)
    const broker = kafka(options({ brokers, tls: { ...tls, servername: 'kafka.example' } }))
    try {
      assert.ok((await broker.clusterId()).length > 0)
    } finally {
      await broker.close()
    }
  })

  it('TLS to a port without it, and none to a port with it, fail with the reason', async () => {
    await fails({ brokers: [secure?.node.bootstrap ?? ''] }, /TLS|SSL|ssl/)
    const broker = kafka({ brokers: [secure?.bootstrap() ?? ''], connectTimeoutMs: 3000, requestTimeoutMs: 3000 })
    try {
      await assert.rejects(broker.clusterId(), { code: 'WB_KAFKA_UNREACHABLE' })
    } finally {
      await broker.close()
    }
  })

  it('sessions are renewed under load, and no answer is lost to it', async () => {
    const broker = kafka(options())
    let signIns = 0
    const count = (event: unknown): void => {
      if ((event as { apiKey?: number }).apiKey === saslHandshakeKey) signIns++
    }
    subscribe(connectionsApiChannel.start.name, count)
    try {
      const topic = 'renewed'
      await broker.createTopics([{ topic, partitions: 1, replicationFactor: 1 }])
      const view = (await broker.describeTopic(topic)) ?? assert.fail('no topic')
      const producerId = await broker.initProducerId()
      const send = async (firstSequence: number): Promise<ProduceOutcome | undefined> => {
        const records = [{ key: null, value: Buffer.from(String(firstSequence)), headers: [] }]
        const batch = {
          topic,
          topicId: view.topicId,
          partition: 0,
          producerId,
          producerEpoch: 0,
          firstSequence,
          stampMs: Date.now(),
          records,
        }
        const [outcome] = await broker.produce({
          pipeline: 0,
          leader: 1,
          batches: [batch],
          timeoutMs: 5000,
          sendBeforeMs: Infinity,
        })
        return outcome
      }
      const endMs = performance.now() + 3 * sessionMs
      let sequence = 0
      for (; performance.now() < endMs; sequence++)
        assert.deepEqual(await send(sequence), { kind: 'acked', baseOffset: sequence, appendTimeMs: -1 })
      assert.ok(sequence > 100, `only ${sequence} sent`)
      // A connection that was idle while its session ran out was renewed too.
      const idleUntil = performance.now() + 2 * sessionMs
      await until(async () => performance.now() > idleUntil, { what: 'the session to run out', deadlineMs: 30_000 })
      assert.deepEqual(await send(sequence), { kind: 'acked', baseOffset: sequence, appendTimeMs: -1 })
      assert.ok(signIns > 2 + 3, `${signIns} sign-ins: two connections, and no renewals`)
    } finally {
      unsubscribe(connectionsApiChannel.start.name, count)
      await broker.close()
    }
  })
})
