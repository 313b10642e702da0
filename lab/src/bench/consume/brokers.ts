import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Kafka, kafka } from 'waybill/kafka'
import { type KafkaCluster, startKafka } from '../../cluster/kafka-cluster.js'
import type { Watched } from '../usage.js'

/** After which a silent member is taken for dead, in every arm: short, because the safety column waits for it. */
export const sessionMs = 6_000

const properties = {
  'group.consumer.min.session.timeout.ms': String(sessionMs),
  'group.consumer.session.timeout.ms': String(sessionMs),
  'group.consumer.min.heartbeat.interval.ms': '1000',
  'group.consumer.heartbeat.interval.ms': '1000',
}

/** The three Kafka nodes that all consuming arms share. */
export class Brokers implements AsyncDisposable {
  readonly admin: Kafka
  /** For logs of the arms' processes; removed at the end. */
  readonly folder: string
  readonly #kafka: KafkaCluster

  private constructor(cluster: KafkaCluster, folder: string) {
    this.#kafka = cluster
    this.folder = folder
    process.once('exit', this.#removeFolders)
    this.admin = kafka({ brokers: cluster.bootstrap, clientId: 'waybill-bench' })
  }

  /** Starts all; about 8 s. */
  static async start(): Promise<Brokers> {
    const cluster = await startKafka({ nodes: 3, properties })
    return new Brokers(cluster, await mkdtemp(join(tmpdir(), 'waybill-bench-')))
  }

  get addresses(): string[] {
    return this.#kafka.bootstrap
  }

  /** What the usage of an arm with these processes is counted with. */
  watched(arm: readonly number[]): Watched {
    const brokers = this.#kafka.nodes.flatMap(({ pid }) => (pid === undefined ? [] : [pid]))
    return { arm, postmaster: undefined, brokers }
  }

  readonly #removeFolders = (): void => {
    if (process.env['WAYBILL_LAB_KEEP']) return
    for (const folder of [this.#kafka.folder, this.folder])
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#removeFolders)
    await this.admin.close()
    await this.#kafka.stop()
    if (process.env['WAYBILL_LAB_KEEP']) console.error(`kept the arms' logs in ${this.folder}`)
    else await rm(this.folder, { recursive: true, force: true })
  }
}
