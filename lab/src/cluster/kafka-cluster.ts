import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KafkaProxy } from '../faults/kafka-proxy.js'
import { kafkaJars } from './kafka-jars.js'
import { KafkaNode, readyDeadlineMs } from './kafka-node.js'
import { type NodeProxies, type ProxiedListener, placeNodes } from './listeners.js'
import { propertiesText, serverProperties } from './server-properties.js'

/** What `startKafka` takes. */
export interface KafkaOptions {
  /** One node (replication factor 1) or three (replication factor 3, two in-sync replicas). */
  readonly nodes: 1 | 3
  /**
   * A frame-aware proxy in front of every node's listener for clients (true), or of the listeners that are named. Clients that
   * start from `cluster.bootstrap` then go through the proxies, everywhere: the nodes announce them. False unless told.
   */
  readonly proxied?: boolean | readonly ProxiedListener[]
  /** Kafka's version, such as `3.9.1`; fetched when it is not there. The lab's own (`scripts/kafka-jars.mjs`) unless told. */
  readonly version?: string
  /** Broker settings for every node; they win over the lab's own. */
  readonly properties?: Readonly<Record<string, string>>
  /** Milliseconds for all nodes to be ready; 120000 unless told. */
  readonly deadlineMs?: number
}

/** A running cluster of real Kafka nodes on loopback. */
export class KafkaCluster implements AsyncDisposable {
  readonly nodes: readonly KafkaNode[]
  /** The temporary folder of the nodes' data and logs. */
  readonly folder: string
  readonly #proxies: readonly NodeProxies[]

  constructor(nodes: readonly KafkaNode[], folder: string, proxies: readonly NodeProxies[] = []) {
    this.nodes = nodes
    this.folder = folder
    this.#proxies = proxies
  }

  /** `127.0.0.1:<port>` of every node: of its proxy where it has one for clients. */
  get bootstrap(): string[] {
    return this.nodes.map((node, index) => this.#proxies[index]?.client?.address ?? node.bootstrap)
  }

  /** The proxy in front of each node's listener for clients, in the order of `nodes`. Empty unless started with `proxied`. */
  get proxies(): KafkaProxy[] {
    return this.#proxies.flatMap(({ client }) => (client ? [client] : []))
  }

  /** The proxy in front of a node's listener; fails when the cluster was started without it. */
  proxy(id: number, listener: ProxiedListener = 'client'): KafkaProxy {
    const found = this.#proxies[this.nodes.indexOf(this.node(id))]?.[listener]
    if (found === undefined) throw new Error(`no ${listener} proxy: start with \`proxied: ['${listener}']\``)
    return found
  }

  /** The node with this broker id (1, 2, 3). */
  node(id: number): KafkaNode {
    const found = this.nodes.find((node) => node.id === id)
    if (found === undefined)
      throw new Error(`no Kafka node ${id}; there are ${this.nodes.map((node) => node.id).join(', ')}`)
    return found
  }

  /** Waits until every running node answers with every running node. */
  async ready(deadlineMs: number = readyDeadlineMs): Promise<void> {
    const running = this.nodes.filter((node) => node.pid !== undefined)
    const ids = running.map((node) => node.id)
    await allSettled(running.map((node) => node.ready(ids, deadlineMs)))
  }

  /**
   * Ends every node at once (SIGKILL: the data goes with it) and removes the folder. Safe twice. The folder stays when a
   * node ended without being told to, when `keepLogs` says so, and when WAYBILL_LAB_KEEP is set: its name is printed.
   */
  async stop({ keepLogs = false }: { keepLogs?: boolean } = {}): Promise<void> {
    const crashed = this.nodes.filter((node) => node.hasCrashed)
    await Promise.all(this.nodes.map((node) => node.kill()))
    await Promise.all(this.#proxies.flatMap((each) => Object.values(each).map((proxy) => proxy.close())))
    if (keepLogs || crashed.length > 0 || process.env['WAYBILL_LAB_KEEP']) {
      const why = crashed.map((node) => `; node ${node.id} ended by itself`).join('')
      console.error(`kept Kafka's data and logs in ${this.folder}${why}`)
      return
    }
    await rm(this.folder, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

/**
 * Starts real Kafka 4 nodes in a temporary folder on free ports and waits until each of them knows all others and hands
 * out producer ids: 4 s for one node, 8 s for three on two cores. Fails at the deadline, or when a node ends before, with
 * the tail of the server's log; the logs stay, the processes don't.
 */
export async function startKafka(options: KafkaOptions): Promise<KafkaCluster> {
  const { nodes, properties = {}, deadlineMs } = options
  const proxied = options.proxied === true ? (['client'] as const) : options.proxied || []
  const jars = await kafkaJars(options.version)
  const folder = await mkdtemp(join(tmpdir(), 'waybill-kafka-'))
  const places = await placeNodes(nodes, proxied)
  const addresses = places.map(({ address }) => address)
  const cluster = new KafkaCluster(
    addresses.map((address) => new KafkaNode({ address, jars, folder: join(folder, `node-${address.id}`) })),
    folder,
    places.map(({ proxies }) => proxies),
  )
  try {
    const clusterId = randomBytes(16).toString('base64url')
    await allSettled(
      cluster.nodes.map(async (node, index) => {
        const address = addresses[index] ?? unreachable()
        const settings = serverProperties(address, addresses, node.dataFolder, properties)
        await mkdir(join(folder, `node-${node.id}`))
        await writeFile(join(folder, `node-${node.id}`, 'server.properties'), propertiesText(settings))
        await node.format(clusterId)
        await node.launch()
      }),
    )
    await cluster.ready(deadlineMs)
    return cluster
  } catch (error) {
    await cluster.stop({ keepLogs: true })
    throw error
  }
}

/** Waits for all, then fails with the first failure: none is left running behind the caller's back. */
async function allSettled(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

function unreachable(): never {
  throw new Error('internal error: as many addresses as nodes')
}
