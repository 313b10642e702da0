import { KafkaProxy } from '../faults/kafka-proxy.js'
import { freePorts } from './free-ports.js'
import type { Listener, NodeAddress } from './server-properties.js'

/** A listener of every node that can stand behind a proxy. */
export type ProxiedListener = 'client' | 'replication' | 'controller'

/** The proxies in front of one node, by listener. */
export type NodeProxies = Readonly<Partial<Record<ProxiedListener, KafkaProxy>>>

/** A node's listeners, and the proxies that are in front of them. */
export interface Place {
  readonly address: NodeAddress
  readonly proxies: NodeProxies
}

/**
 * Free ports for so many nodes, with a proxy in front of each listener of these kinds. A node that has a replication proxy has a listener
 * of its own for the other nodes, so that a fault for clients does not disturb replication, and the other way round.
 */
export async function placeNodes(nodes: number, proxied: readonly ProxiedListener[]): Promise<Place[]> {
  const ids = Array.from({ length: nodes }, (_, index) => index + 1)
  return Promise.all(
    ids.map(async (id) => {
      const client = await listener(proxied.includes('client'))
      const controller = await listener(proxied.includes('controller'))
      // Also without a proxy of its own: what goes through the clients' is the clients' alone.
      const replication = proxied.length > 0 ? await listener(proxied.includes('replication')) : undefined
      const address = {
        id,
        client: client.at,
        controller: controller.at,
        ...(replication && { replication: replication.at }),
      }
      const proxies = {
        ...(client.proxy && { client: client.proxy }),
        ...(controller.proxy && { controller: controller.proxy }),
        ...(replication?.proxy && { replication: replication.proxy }),
      }
      return { address, proxies }
    }),
  )
}

async function listener(isProxied: boolean): Promise<{ at: Listener; proxy?: KafkaProxy }> {
  const [port] = await freePorts(1)
  if (port === undefined) throw new Error('internal error: freePorts(1) found none')
  if (!isProxied) return { at: { port } }
  const proxy = await KafkaProxy.listen({ targetPort: port })
  return { at: { port, advertisedPort: proxy.port }, proxy }
}
