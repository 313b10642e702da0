import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Kafka, kafka } from 'waybill/kafka'
import { type KafkaCluster, startKafka } from '../cluster/kafka-cluster.js'
import { type PostgresServer, startPostgres } from '../cluster/postgres-server.js'
import { until } from '../cluster/until.js'
import type { Watched } from './usage.js'

// fsync and synchronous_commit stay on. Logical WAL for Debezium, so every arm writes it; the rest keeps checkpoints, which would
// hit one arm and not another, out of a run. A server that has run for a day writes over old WAL segments; a fresh one fills each new one
// with zeros first, twice the bytes for the disk, which is what 60 000 messages a second wait for then.
const postgresSettings = {
  wal_level: 'logical',
  shared_buffers: '512MB',
  max_wal_size: '8GB',
  checkpoint_timeout: '30min',
  wal_init_zero: 'off',
  track_functions: 'none',
}

const statementSettings = { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.track_planning': 'on' }

/** The real servers that all arms of a bench share: three Kafka nodes and one PostgreSQL. */
export class Servers implements AsyncDisposable {
  readonly postgres: PostgresServer
  readonly admin: Kafka
  /** For logs of the arms' processes; removed at the end. */
  readonly folder: string
  readonly #kafka: KafkaCluster

  private constructor(cluster: KafkaCluster, postgres: PostgresServer, folder: string) {
    this.#kafka = cluster
    this.postgres = postgres
    this.folder = folder
    process.once('exit', this.#removeFolders)
    this.admin = kafka({ brokers: cluster.bootstrap, clientId: 'waybill-bench' })
  }

  /** Starts all; about 10 s. `statements`: PostgreSQL counts them (pg_stat_statements), which costs a few percent. */
  static async start({ statements = false }: { readonly statements?: boolean } = {}): Promise<Servers> {
    const settings = { ...postgresSettings, ...(statements && statementSettings) }
    const [cluster, postgres] = await Promise.allSettled([startKafka({ nodes: 3 }), startPostgres({ settings })])
    if (cluster.status === 'fulfilled' && postgres.status === 'fulfilled') {
      const folder = await mkdtemp(join(tmpdir(), 'waybill-bench-'))
      return new Servers(cluster.value, postgres.value, folder)
    }
    for (const server of [cluster, postgres])
      if (server.status === 'fulfilled') await server.value[Symbol.asyncDispose]()
    throw cluster.status === 'rejected' ? cluster.reason : (postgres as PromiseRejectedResult).reason
  }

  get brokers(): string[] {
    return this.#kafka.bootstrap
  }

  /** An empty topic, replicated three times, with a leader for every partition. */
  async createTopic(topic: string, partitions: number): Promise<void> {
    await this.admin.createTopics([
      { topic, partitions, replicationFactor: 3, configs: { 'min.insync.replicas': '2' } },
    ])
  }

  /** A fresh database; resolves to its URL. */
  createDatabase(name: string): Promise<string> {
    return this.postgres.createDatabase(name)
  }

  /** Removes a database and whoever is still connected to it. */
  async dropDatabase(name: string): Promise<void> {
    await this.postgres.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`)
  }

  /** Waits until somebody streams from a replication slot. */
  async untilReplicating(): Promise<void> {
    const isActive = async (): Promise<boolean> =>
      (await this.postgres.query('SELECT 1 FROM pg_replication_slots WHERE active')).length > 0
    await until(isActive, { what: 'a client of the replication slot', deadlineMs: 60_000 })
  }

  /** What the usage of an arm with these processes is counted with. */
  watched(arm: readonly number[]): Watched {
    const brokers = this.#kafka.nodes.flatMap(({ pid }) => (pid === undefined ? [] : [pid]))
    return { arm, postmaster: this.postgres.pid, brokers }
  }

  /** A bench that is interrupted ends by `process.exit`: the servers are killed then, and what they wrote goes, too. */
  readonly #removeFolders = (): void => {
    if (process.env['WAYBILL_LAB_KEEP']) return
    for (const folder of [this.#kafka.folder, this.postgres.folder, this.folder])
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#removeFolders)
    await this.admin.close()
    await Promise.all([this.#kafka.stop(), this.postgres.close()])
    if (process.env['WAYBILL_LAB_KEEP']) console.error(`kept the arms' logs in ${this.folder}`)
    else await rm(this.folder, { recursive: true, force: true })
  }
}
