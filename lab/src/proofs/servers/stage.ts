import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type KafkaCluster, startKafka } from '../../cluster/kafka-cluster.js'
import { type PostgresServer, startPostgres } from '../../cluster/postgres-server.js'
import { KafkaAdmin } from './kafka-admin.js'

/** After so long without a heartbeat a consumer is out of its group. */
export const sessionTimeoutMs = 3_000

/**
 * A killed node is replaced after three seconds, a silent follower dropped after five: the defaults are 9 and 30. Forgotten
 * producers are swept every second instead of every ten minutes, which is only a question of how long a case waits.
 */
const kafkaProperties = {
  'broker.session.timeout.ms': '3000',
  'replica.lag.time.max.ms': '5000',
  'producer.id.expiration.check.interval.ms': '500',
  'group.consumer.session.timeout.ms': String(sessionTimeoutMs),
  'group.consumer.heartbeat.interval.ms': '300',
  // Kafka allows less than 45 s only where the lower bounds are lowered, too.
  'group.consumer.min.session.timeout.ms': '1000',
  'group.consumer.min.heartbeat.interval.ms': '100',
  'group.min.session.timeout.ms': '1000',
}
/** Several cases at once, some ten connections each. */
export const postgresSettings: Readonly<Record<string, string>> = { max_connections: '300', shared_buffers: '64MB' }

/** What all cases share: three real Kafka nodes, a real PostgreSQL, a folder. */
export class Stage implements AsyncDisposable {
  readonly kafka: KafkaCluster
  readonly postgres: PostgresServer
  readonly admin: KafkaAdmin
  readonly folder: string
  #databases = 0

  private constructor(kafka: KafkaCluster, postgres: PostgresServer, folder: string) {
    this.kafka = kafka
    this.postgres = postgres
    this.admin = new KafkaAdmin(kafka)
    this.folder = folder
  }

  /** Starts both: some ten seconds on two cores. `proxied`: with a proxy in front of each Kafka node; true unless told. */
  static async start({ proxied = true }: { proxied?: boolean } = {}): Promise<Stage> {
    const [kafka, postgres] = await Promise.allSettled([
      startKafka({ nodes: 3, properties: kafkaProperties, proxied }),
      startPostgres({ settings: postgresSettings }),
    ])
    if (kafka.status === 'fulfilled' && postgres.status === 'fulfilled')
      return new Stage(kafka.value, postgres.value, mkdtempSync(join(tmpdir(), 'waybill-proof-')))
    if (kafka.status === 'fulfilled') await kafka.value.stop()
    if (postgres.status === 'fulfilled') await postgres.value.close()
    throw kafka.status === 'rejected' ? kafka.reason : (postgres as PromiseRejectedResult).reason
  }

  /** A name for the next case's topic and database; none is a part of another. */
  nextName(): string {
    return `proof_${String(++this.#databases).padStart(4, '0')}`
  }

  /** Stops both; the folder with the workers' logs stays where `keep` is true. */
  async close(keep = false): Promise<void> {
    await Promise.all([this.kafka.stop(), this.postgres.close()])
    if (!keep) rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
