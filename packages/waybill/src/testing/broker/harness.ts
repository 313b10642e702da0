import type { Broker } from '../../ports/broker.js'
import type { Clock } from '../../ports/clock.js'

/** What the contract needs around a broker adapter: a cluster it may restart and bend, and fresh adapters to it. */
export interface BrokerHarness {
  readonly clock: Clock
  /** A new adapter to the cluster. The case that asked for it closes it. */
  open(): Broker
  /** A new adapter to addresses where nothing listens. */
  openNowhere(): Broker
  /** Deletes the topic and waits until it is gone. */
  deleteTopic(topic: string): Promise<void>
  /** Changes settings of a topic and waits until the broker works by them. */
  alterTopic(topic: string, configs: Readonly<Record<string, string>>): Promise<void>
  /** Kafka's DeleteRecords: the log starts at `beforeOffset` afterwards. */
  deleteRecords(topic: string, partition: number, beforeOffset: number): Promise<void>
  /** Kills all brokers without a clean stop and starts them again with the same data. Resolves when they answer. */
  restartBroker(): Promise<void>
  /** Lets the broker forget every producer of this partition because of its age (`producer.id.expiration.ms`), and waits for it. */
  expireProducers(topic: string, partition: number): Promise<void>
  /** The broker executes the next Produce request and its answer never arrives: the connection is cut instead. */
  dropNextProduceResponse(): Promise<void>
}

/** One promise of the port. `run` rejects when it is broken. */
export interface BrokerCase {
  readonly name: string
  run(harness: BrokerHarness): Promise<void>
}
