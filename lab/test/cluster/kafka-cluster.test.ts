import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { test } from 'node:test'
import { createTopicsV7, fetchV16, FetchIsolationLevels, metadataV12, produceV11 } from '@platformatic/kafka'
import { isFree } from '../../src/cluster/free-ports.js'
import { type KafkaCluster, startKafka } from '../../src/cluster/kafka-cluster.js'
import { withConnection } from '../../src/cluster/readiness.js'
import { until } from '../../src/cluster/until.js'

const topic = 'kept'

test('an acknowledged record is still there after kill -9 and a restart on the same port', async () => {
  await using cluster = await startKafka({ nodes: 1 })
  const node = cluster.node(1)
  const topicId = await createTopic(cluster)
  await produce(node.port, 'hello')

  await node.kill()
  assert.equal(node.pid, undefined)
  assert.equal(await isFree(node.port), true)
  await node.restart()

  assert.deepEqual(await fetchValues(node.port, topicId), ['hello'])
  await node.stop()
  await node.restart()
  assert.deepEqual(await fetchValues(node.port, topicId), ['hello'])

  await cluster.stop()
  assert.equal(existsSync(cluster.folder), false)
})

test('a node that cannot start says so at once, with the tail of its log, which is kept', async () => {
  const properties = { 'metric.reporters': 'no.such.Reporter' } // only the server itself looks for the class
  const started = performance.now()
  const error: unknown = await startKafka({ nodes: 1, properties }).catch((reason: unknown) => reason)
  assert.ok(error instanceof Error)
  assert.match(error.message, /ended before it was ready[^]*--- \/.*server\.log\n[^]*no\.such\.Reporter/)
  assert.ok(performance.now() - started < 60_000, 'waited for the deadline although the process was gone')

  const folder = /--- (\/.*waybill-kafka-\w+)\//.exec(error.message)?.[1] ?? assert.fail('no folder in the error')
  assert.equal(existsSync(folder), true)
  await rm(folder, { recursive: true })
})

test('three nodes survive the loss of one; a paused one answers again after resume', async () => {
  await using cluster = await startKafka({ nodes: 3 })
  assert.equal(new Set(cluster.bootstrap).size, 3)
  await createTopic(cluster)

  await cluster.node(3).kill()
  await until(() => isLed(cluster.node(1).port, 3), { what: 'partitions led by nodes 1 and 2', deadlineMs: 30_000 })
  await produce(await leaderPort(cluster), 'two are enough')

  await cluster.node(3).restart()
  await cluster.ready()
  const paused = cluster.node(2)
  paused.pause()
  await assert.rejects(metadata(paused.port, 1_000), /timed out/)
  paused.resume()
  await cluster.ready()
})

const metadata = (port: number, timeoutMs?: number) =>
  withConnection(port, (connection) => metadataV12.api.async(connection, [topic], false, false), timeoutMs)

async function partitions(port: number): Promise<{ leaderId: number }[]> {
  return (await metadata(port)).topics[0]?.partitions ?? []
}

async function createTopic(cluster: KafkaCluster): Promise<string> {
  const port = cluster.nodes[0]?.port ?? assert.fail('no node')
  const replicationFactor = cluster.nodes.length
  const wanted = [{ name: topic, numPartitions: 1, replicationFactor, assignments: [], configs: [] }]
  // only the controller creates topics; a broker hands the request on to it
  const { topics } = await withConnection(port, (connection) =>
    createTopicsV7.api.async(connection, wanted, 10_000, false),
  )
  await until(() => isLed(port), { what: 'a leader', deadlineMs: 10_000 })
  return topics[0]?.topicId ?? assert.fail('no topic id')
}

/** Whether every partition has a leader, and not the given node. */
async function isLed(port: number, notBy = -1): Promise<boolean> {
  const all = await partitions(port)
  return all.length > 0 && all.every(({ leaderId }) => leaderId > 0 && leaderId !== notBy)
}

async function leaderPort(cluster: KafkaCluster): Promise<number> {
  const [first] = await partitions(cluster.node(1).port)
  return cluster.node(first?.leaderId ?? assert.fail('no partition')).port
}

async function produce(port: number, value: string): Promise<void> {
  const record = {
    topic,
    partition: 0,
    key: Buffer.from('k'),
    value: Buffer.from(value),
    timestamp: BigInt(Date.now()),
  }
  await withConnection(port, (connection) => produceV11.api.async(connection, -1, 10_000, [record], {})) // throws on an error code
}

/** The values from the start of the partition. */
async function fetchValues(port: number, topicId: string): Promise<string[]> {
  const partition = {
    partition: 0,
    currentLeaderEpoch: -1,
    fetchOffset: 0n,
    lastFetchedEpoch: -1,
    partitionMaxBytes: 1_000_000,
  }
  const topics = [{ topicId, partitions: [partition] }]
  const uncommitted = FetchIsolationLevels.READ_UNCOMMITTED
  const { responses } = await withConnection(port, (connection) =>
    fetchV16.api.async(connection, 1_000, 1, 1_000_000, uncommitted, 0, -1, topics, [], ''),
  )
  const batches = responses[0]?.partitions[0]?.records ?? []
  return batches.flatMap(({ records }) => records.map(({ value }) => String(value)))
}
