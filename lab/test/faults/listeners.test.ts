import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kafka, type ProduceOutcome } from 'waybill/kafka'
import { startKafka } from '../../src/cluster/kafka-cluster.js'
import { until } from '../../src/cluster/until.js'

const topic = 'apart'

test('each listener of each node has a proxy of its own: clients reach a leader that its followers do not', async () => {
  await using cluster = await startKafka({ nodes: 3, proxied: ['client', 'replication', 'controller'] })
  assert.deepEqual(
    cluster.bootstrap,
    cluster.proxies.map(({ address }) => address),
  )
  for (const { id } of cluster.nodes)
    assert.ok(cluster.proxy(id, 'client').accepted === 0, 'nothing but clients uses the proxies for clients')
  const beats = cluster.nodes.map(({ id }) => cluster.proxy(id, 'controller').count('BrokerHeartbeat').requests)
  assert.ok(Math.max(...beats) > 0, 'brokers reach the controller through its proxy')

  const broker = kafka({ brokers: cluster.bootstrap })
  try {
    await broker.createTopics([{ topic, partitions: 1, replicationFactor: 3 }])
    const view = await until(
      async () => {
        const found = await broker.describeTopic(topic, { fresh: true })
        return (found?.partitions[0]?.leader ?? -1) > 0 && found
      },
      { what: 'a leader', deadlineMs: 30_000 },
    )
    const leader = view.partitions[0]?.leader ?? -1
    const identity = { producerId: await broker.initProducerId(), producerEpoch: 0 }
    const send = async (firstSequence: number, timeoutMs: number): Promise<ProduceOutcome | undefined> => {
      const records = [{ key: null, value: Buffer.from('v'), headers: [] }]
      const batch = {
        topic,
        topicId: view.topicId,
        partition: 0,
        ...identity,
        firstSequence,
        stampMs: Date.now(),
        records,
      }
      return (await broker.produce({ pipeline: 0, leader, batches: [batch], timeoutMs, sendBeforeMs: Infinity }))[0]
    }
    assert.equal((await send(0, 20_000))?.kind, 'acked')

    const { requests } = cluster.proxy(leader).count('Produce')
    cluster.proxy(leader, 'replication').block()
    const alone = await send(1, 1500)
    assert.ok(alone?.kind === 'rejected' && alone.appended === 'maybe', JSON.stringify(alone))
    assert.equal(cluster.proxy(leader).count('Produce').requests, requests + 1, 'the leader was asked, and it answered')
    cluster.proxy(leader, 'replication').heal()
    const repeat = await send(1, 20_000)
    assert.ok(repeat?.kind === 'acked' && repeat.baseOffset === 1, JSON.stringify(repeat))
  } finally {
    await broker.close()
  }
  assert.throws(() => cluster.node(4), /no Kafka node 4/)
})
