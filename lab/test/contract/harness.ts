import { setTimeout as sleep } from 'node:timers/promises'
import { createBroker } from '@waybill/broker'
import { kafka } from 'waybill/kafka'
import type { BrokerHarness } from 'waybill/testing'
import { freePorts } from '../../src/cluster/free-ports.js'
import { startKafka } from '../../src/cluster/kafka-cluster.js'
import { until } from '../../src/cluster/until.js'
import { Admin } from './admin.js'

/** A cluster for the contract, and how to end it. */
export interface Stage extends AsyncDisposable {
  readonly harness: BrokerHarness
  readonly bootstrap: string
  readonly port: number
}

const clock: BrokerHarness['clock'] = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { ...(signal && { signal }) }).catch(() => undefined),
}

/**
 * A node that shows a changed setting may still be about to hand it to its logs: Kafka's metadata publishers run one after the
 * other in one thread, and nothing tells when the last has run.
 */
const settleMs = 300

async function adapters(bootstrap: string): Promise<Pick<BrokerHarness, 'clock' | 'open' | 'openNowhere'>> {
  const nowhere = (await freePorts(2)).map((port) => `127.0.0.1:${port}`)
  return {
    clock,
    open: () => kafka({ brokers: [bootstrap] }, { clock }),
    openNowhere: () => kafka({ brokers: nowhere }, { clock }),
  }
}

/** The embedded broker. */
export async function embeddedStage(): Promise<Stage> {
  const broker = await createBroker({})
  const admin = new Admin(broker.port)
  const harness: BrokerHarness = {
    ...(await adapters(broker.bootstrap)),
    deleteTopic: (topic) => admin.deleteTopic(topic),
    alterTopic: (topic, configs) => admin.alterTopic(topic, configs),
    deleteRecords: (topic, partition, beforeOffset) => admin.deleteRecords(topic, partition, beforeOffset),
    restartBroker: () => broker.faults.crash(),
    expireProducers: async () => broker.faults.expireProducers(),
    dropNextProduceResponse: async () => broker.faults.dropResponses({ api: 'Produce', count: 1 }),
  }
  return {
    harness,
    bootstrap: broker.bootstrap,
    port: broker.port,
    [Symbol.asyncDispose]: () => broker.close(),
  }
}

/** One real Kafka node, of the lab's own version unless told. A producer is forgotten by giving all brokers a short `producer.id.expiration.ms` for a moment. */
export async function kafkaStage(version?: string): Promise<Stage> {
  // Kafka announces the proxy's address, so the adapter's connections go through it; the administration does not.
  const properties = { 'producer.id.expiration.check.interval.ms': '1000' }
  const cluster = await startKafka({ nodes: 1, proxied: true, properties, ...(version !== undefined && { version }) })
  const node = cluster.node(1)
  const proxy = cluster.proxy(1)
  const bootstrap = proxy.address
  const admin = new Admin(node.port)
  const harness: BrokerHarness = {
    ...(await adapters(bootstrap)),
    deleteTopic: (topic) => admin.deleteTopic(topic),
    alterTopic: async (topic, configs) => {
      await admin.alterTopic(topic, configs)
      await sleep(settleMs)
    },
    deleteRecords: (topic, partition, beforeOffset) => admin.deleteRecords(topic, partition, beforeOffset),
    restartBroker: async () => {
      await node.kill()
      await node.launch()
      await node.ready()
    },
    dropNextProduceResponse: async () => void proxy.dropResponses({ api: 'Produce' }),
    expireProducers: async (topic, partition) => {
      await admin.alterBrokers(node.id, { 'producer.id.expiration.ms': '1000' })
      await until(async () => (await admin.producerCount(topic, partition)) === 0, {
        what: `${topic}-${partition} to forget its producers`,
        deadlineMs: 30_000,
      })
      await admin.alterBrokers(node.id, { 'producer.id.expiration.ms': '86400000' })
      await sleep(settleMs)
    },
  }
  return {
    harness,
    bootstrap,
    port: proxy.port,
    [Symbol.asyncDispose]: () => cluster.stop(),
  }
}
