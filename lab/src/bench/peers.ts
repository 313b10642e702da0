import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import type { ClientName } from './handwritten-client.js'

// from lab/dist/src/bench to the repository's scripts
const script = fileURLToPath(new URL('../../../../scripts/bench-peers.mjs', import.meta.url))

/** What waybill is compared with. */
export interface Peers {
  /** Folder of Debezium's jars. */
  readonly debezium: string
  /** The client of the hand-written relay, and where it is installed if it is not a dependency of the lab. */
  readonly client: ClientName
  readonly clientFolder: string | undefined
}

interface Found {
  readonly folder?: string
  readonly reason?: string
}

/**
 * Fetches the peers the first time (Maven: seconds; the compiled client: two minutes), then finds them in the cache. Where the
 * client cannot be compiled the fastest without a compiler stands in, and that is said. Throws when Debezium is not to be had.
 */
export async function findPeers(wanted: ClientName | undefined): Promise<Peers> {
  const { debezium, client } = await find('debezium', 'client')
  if (debezium.folder === undefined) throw new Error(`Debezium cannot be fetched: ${debezium.reason}`)
  if (wanted === 'confluent' && client.folder === undefined)
    throw new Error(`the compiled client cannot be installed: ${client.reason}`)
  if (client.folder === undefined) console.error(`without the compiled client: ${client.reason}`)
  const best: ClientName = client.folder === undefined ? 'platformatic' : 'confluent'
  return { debezium: debezium.folder, client: wanted ?? best, clientFolder: client.folder }
}

/** What consumers are compared with; undefined where it is not to be had, and that is said. */
export interface ConsumingPeers {
  /** Folder of the Parallel Consumer's jars, which bring the plain Java client. */
  readonly jars: string | undefined
  /** Where the compiled client is installed. */
  readonly clientFolder: string | undefined
}

/** As `findPeers`, for `bench consume` and `bench fetch`. */
export async function findConsumingPeers(): Promise<ConsumingPeers> {
  const { parallel, client } = await find('parallel', 'client')
  if (parallel.folder === undefined) console.error(`without the Parallel Consumer: ${parallel.reason}`)
  if (client.folder === undefined) console.error(`without the compiled client: ${client.reason}`)
  return { jars: parallel.folder, clientFolder: client.folder }
}

async function find<Name extends string>(...names: readonly Name[]): Promise<Record<Name, Found>> {
  const options = { timeout: 1_800_000, maxBuffer: 1e7 }
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...names], options)
  return JSON.parse(stdout) as Record<Name, Found>
}
