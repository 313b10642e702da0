import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { type Connection, initProducerIdV4, listOffsetsV9 } from '@platformatic/kafka'
import { type Broker, kafka, type ProduceOutcome, type TopicView } from 'waybill/kafka'
import { type KafkaCluster, startKafka } from '../../src/cluster/kafka-cluster.js'
import { withConnection } from '../../src/cluster/readiness.js'
import { until } from '../../src/cluster/until.js'
import type { KafkaProxy } from '../../src/faults/kafka-proxy.js'

const topic = 'hurt'

/** One producer identity; the same sequence is the same record. */
class Producer {
  readonly #broker: Broker
  readonly #view: TopicView
  readonly #producerId: number

  private constructor(broker: Broker, view: TopicView, producerId: number) {
    this.#broker = broker
    this.#view = view
    this.#producerId = producerId
  }

  static async open(broker: Broker): Promise<Producer> {
    const view = (await broker.describeTopic(topic, { fresh: true })) ?? assert.fail('no topic')
    return new Producer(broker, view, await broker.initProducerId())
  }

  async send(sequence: number, timeoutMs = 1000): Promise<ProduceOutcome> {
    const batch = {
      topic,
      topicId: this.#view.topicId,
      partition: 0,
      producerId: this.#producerId,
      producerEpoch: 0,
      firstSequence: sequence,
      stampMs: Date.now(),
      records: [{ key: null, value: Buffer.from(`v${sequence}`), headers: [] }],
    }
    const request = { pipeline: 0, leader: 1, batches: [batch], timeoutMs, sendBeforeMs: Infinity }
    return (await this.#broker.produce(request))[0] ?? assert.fail('no outcome')
  }
}

describe('a Kafka node behind a proxy', () => {
  let cluster: KafkaCluster
  let proxy: KafkaProxy
  let broker: Broker
  let producer: Producer

  before(async () => {
    cluster = await startKafka({ nodes: 1, proxied: true })
    proxy = cluster.proxy(1)
    broker = kafka({ brokers: cluster.bootstrap, requestTimeoutMs: 2000, produceGraceMs: 200 })
    await broker.createTopics([{ topic, partitions: 1, replicationFactor: 1 }])
    await until(async () => ((await broker.describeTopic(topic, { fresh: true }))?.partitions[0]?.leader ?? -1) > 0, {
      what: 'a leader',
      deadlineMs: 10_000,
    })
    producer = await Producer.open(broker)
    assert.equal((await producer.send(0)).kind, 'acked')
  })
  after(async () => {
    await broker.close()
    await cluster.stop()
  })

  /** The end of the log, asked of the node itself. */
  const appended = (): Promise<number> =>
    withConnection(cluster.node(1).port, async (connection) => {
      const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1n }]
      const answer = await listOffsetsV9.api.async(connection, -1, 0, [{ name: topic, partitions }])
      return Number(answer.topics[0]?.partitions[0]?.offset)
    })

  for (const connection of ['close', 'hang'] as const)
    it(`a dropped answer (${connection}): the record is appended, the sender does not know, the repeat meets it`, async () => {
      producer = await Producer.open(broker)
      const end = await appended()
      const rule = proxy.dropResponses({ api: 'Produce', connection })
      const outcome = await producer.send(0)
      assert.equal(outcome.kind, 'unknown', JSON.stringify(outcome))
      await rule.happened()
      assert.equal(await appended(), end + 1)
      assert.equal(rule.left, 0)
      const repeat = await producer.send(0)
      assert.ok(repeat.kind === 'acked' && repeat.baseOffset === end, JSON.stringify(repeat))
      assert.equal(await appended(), end + 1)
    })

  it('a held request is appended after its client gave up and closed the connection', async () => {
    producer = await Producer.open(broker)
    const end = await appended()
    const held = proxy.holdRequests({ api: 'Produce' })
    const outcome = await producer.send(0, 300)
    assert.equal(outcome.kind, 'unknown', JSON.stringify(outcome))
    await held.happened()
    assert.equal(await appended(), end)
    await broker.describeTopic(topic, { fresh: true }) // on its new connection it is served
    await held.release()
    assert.equal(await appended(), end + 1)
  })

  it('a discarded request never arrives', async () => {
    producer = await Producer.open(broker)
    const end = await appended()
    const held = proxy.holdRequests({ api: 'Produce', where: ({ clientId }) => clientId !== undefined })
    const outcome = producer.send(0)
    await held.happened()
    held.discard()
    assert.equal((await outcome).kind, 'unknown')
    assert.equal(await appended(), end)
  })

  it('a torn request is not appended; a torn answer is of one that was', async () => {
    producer = await Producer.open(broker)
    const end = await appended()
    const request = proxy.cutAfter({ api: 'Produce', bytes: 60 })
    assert.equal((await producer.send(0)).kind, 'unknown')
    await request.happened()
    assert.equal(await appended(), end)
    const response = proxy.cutAfter({ api: 'Produce', bytes: 7, frame: 'response' })
    assert.equal((await producer.send(0)).kind, 'unknown')
    await response.happened()
    assert.equal(await appended(), end + 1)
  })

  it('a late answer is late by what was asked, and only it', async () => {
    producer = await Producer.open(broker)
    proxy.delayResponses({ api: 'Produce', delayMs: 400 })
    const startMs = performance.now()
    assert.equal((await producer.send(0)).kind, 'acked')
    const lateMs = performance.now() - startMs
    assert.ok(lateMs >= 395, `only ${lateMs} ms`)
    assert.equal((await producer.send(1, 300)).kind, 'acked')
  })

  it('one way blocked: the request arrives, the answer after heal', async () => {
    producer = await Producer.open(broker)
    assert.equal((await producer.send(0)).kind, 'acked')
    const end = await appended()
    proxy.block({ direction: 'to-client' })
    const outcome = producer.send(1, 20_000)
    await until(async () => (await appended()) === end + 1, { what: 'the append', deadlineMs: 10_000 })
    proxy.heal()
    assert.equal((await outcome).kind, 'acked')
  })

  it('the other way blocked: the request is late, and arrives although its client has closed', async () => {
    producer = await Producer.open(broker)
    assert.equal((await producer.send(0)).kind, 'acked')
    const end = await appended()
    proxy.block({ direction: 'to-server' })
    assert.equal((await producer.send(1, 200)).kind, 'unknown')
    assert.equal(await appended(), end)
    proxy.heal()
    await until(async () => (await appended()) === end + 1, { what: 'the late append', deadlineMs: 10_000 })
  })

  it('half-open connections hang, refused ones do not', async () => {
    const socket = await opened(proxy.port)
    proxy.halfOpen()
    socket.write('anything')
    const late = await opened(proxy.port) // accepted, and nobody there
    assert.deepEqual([socket.destroyed, late.destroyed], [false, false])
    proxy.heal()
    for (const each of [socket, late]) each.destroy()
    await proxy.refuse()
    await assert.rejects(opened(proxy.port), /ECONNREFUSED/)
    await proxy.accept()
    assert.ok((await initProducerId(proxy.port)) >= 0)
    await until(async () => proxy.open <= 1, { what: 'closed connections to be forgotten', deadlineMs: 10_000 })
  })

  it('counts what passed, by API, and knows no misspelt one', async () => {
    const earlier = proxy.count('InitProducerId')
    await initProducerId(proxy.port)
    assert.deepEqual(proxy.count('InitProducerId'), {
      requests: earlier.requests + 1,
      responses: earlier.responses + 1,
    })
    assert.ok((proxy.counts()['Produce']?.requests ?? 0) >= 5)
    assert.throws(() => proxy.dropResponses({ api: 'Prodcue' }), /no API 'Prodcue'/)
  })
})

const initProducerId = (port: number): Promise<number> =>
  withConnection(port, async (connection: Connection) =>
    Number((await initProducerIdV4.api.async(connection, null, 60_000, -1n, -1)).producerId),
  )

async function opened(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}
