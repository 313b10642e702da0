import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { logTail, ServerProcess } from '../cluster/child-process.js'
import { until } from '../cluster/until.js'
import type { Arm, Place, Running } from './arm.js'
import { fillTable, run } from './fill.js'

const slot = 'bench'
// from lab/dist/src/bench to the source, which Java compiles when it starts
const host = fileURLToPath(new URL('../../../src/bench/debezium/OutboxHost.java', import.meta.url))
const endDeadlineMs = 30_000

/** Debezium's outbox table with the router's default columns, its publication and its slot. */
export const debeziumTable: readonly string[] = [
  `CREATE TABLE outbox (id uuid PRIMARY KEY, aggregatetype text NOT NULL, aggregateid text NOT NULL, type text NOT NULL,
     payload text NOT NULL)`,
  'CREATE PUBLICATION bench FOR TABLE outbox',
  `SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput')`,
]
/** Its insert, with `k` and `v` as in `fillTable`. */
const insert = `INSERT INTO outbox VALUES (gen_random_uuid(), 'order', k, 'placed', v)`

/** Settings for throughput: batches and queue four times the defaults, so a fourth of the flushes. */
const forThroughput = { 'max.batch.size': '8192', 'max.queue.size': '32768' }

/** Debezium's outbox router in the embedded engine, on rows that were committed before it starts. */
export function debeziumArm(jars: string): Arm {
  return {
    name: 'debezium',
    async prepare({ servers, name, warm, counted }) {
      const url = await servers.createDatabase(name)
      await run(url, debeziumTable)
      await fillTable(url, insert, warm + counted)
    },
    start: (place) => startDebezium(jars, place, forThroughput),
  }
}

/** Starts the engine with these of its settings over ours; it begins by itself, seconds later. */
export async function startDebezium(
  jars: string,
  { servers, name, topic }: Pick<Place, 'servers' | 'name' | 'topic'>,
  settings: Readonly<Record<string, string>>,
  producer: Readonly<Record<string, string>> = { 'linger.ms': '5' },
): Promise<Running> {
  const logFile = join(servers.folder, `${name}.log`)
  const engineSettings = { ...engineDefaults(servers.postgres.port, name, servers.folder, topic), ...settings }
  const producerSettings = { ...producerDefaults(servers.brokers), ...producer }
  const args = [
    '-Xms512m',
    '-Xmx1g',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-cp',
    join(jars, '*'),
    host,
    topic,
  ]
  for (const [key, value] of Object.entries(engineSettings)) args.push(`engine:${key}=${value}`)
  for (const [key, value] of Object.entries(producerSettings)) args.push(`producer:${key}=${value}`)
  const java = await ServerProcess.start({ program: 'java', args, logFile })
  return {
    pids: [java.pid],
    go() {},
    mustRun() {
      if (!java.isRunning) throw new Error(`Debezium ended:\n${logTail(logFile)}`)
    },
    async settled() {},
    async stop() {
      java.signal('SIGKILL') // what it would still store at a clean stop concerns nobody
      await java.ended
      const isFree = async (): Promise<boolean> => {
        const text = 'SELECT active FROM pg_replication_slots WHERE slot_name = $1'
        return !(await servers.postgres.query<{ active: boolean }>(text, [slot]))[0]?.active
      }
      await until(isFree, { what: 'the end of Debezium’s replication', deadlineMs: endDeadlineMs })
      await servers.postgres.query('SELECT pg_drop_replication_slot($1)', [slot])
    },
  }
}

function engineDefaults(port: number, database: string, folder: string, topic: string): Record<string, string> {
  return {
    name: 'bench',
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'offset.storage': 'org.apache.kafka.connect.storage.FileOffsetBackingStore',
    'offset.storage.file.filename': join(folder, `${database}.offsets`),
    'offset.flush.interval.ms': '1000',
    'database.hostname': '127.0.0.1',
    'database.port': String(port),
    'database.user': 'postgres',
    'database.password': 'none',
    'database.dbname': database,
    'topic.prefix': 'bench',
    'plugin.name': 'pgoutput',
    'slot.name': slot,
    'publication.name': 'bench',
    'publication.autocreate.mode': 'disabled',
    // the rows are behind the slot: streaming begins there
    'snapshot.mode': 'no_data',
    'table.include.list': 'public.outbox',
    'tombstones.on.delete': 'false',
    transforms: 'outbox',
    'transforms.outbox.type': 'io.debezium.transforms.outbox.EventRouter',
    'transforms.outbox.route.topic.replacement': topic,
  }
}

function producerDefaults(brokers: readonly string[]): Record<string, string> {
  return {
    'bootstrap.servers': brokers.join(','),
    acks: 'all',
    'enable.idempotence': 'true',
    'compression.type': 'none',
    'batch.size': '131072',
    'buffer.memory': '67108864',
  }
}
