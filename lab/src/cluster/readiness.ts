import { Connection, initProducerIdV4, metadataV12 } from '@platformatic/kafka'

const connectTimeoutMs = 2_000
const probeTimeoutMs = 5_000

/**
 * A connection of its own to a loopback port, for the length of `work`. A request without an answer fails after
 * `requestTimeoutMs`: 15 s unless told, because an acks=all send waits until a dead follower's session has run out.
 */
export async function withConnection<T>(
  port: number,
  work: (connection: Connection) => Promise<T>,
  requestTimeoutMs = 15_000,
): Promise<T> {
  const connection = new Connection('waybill-lab', {
    connectTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
  })
  connection.on('error', ignore) // the awaited call fails with it; unheard it would end the process
  try {
    await connection.connect('127.0.0.1', port)
    return await work(connection)
  } finally {
    await connection.close().catch(ignore)
  }
}

/**
 * Whether the node at this port is of use: it answers Metadata with all of the given brokers, and InitProducerId, which in
 * the first seconds fails with COORDINATOR_LOAD_IN_PROGRESS. Throws what the connection or the broker says instead.
 */
export function isReady(port: number, brokerIds: readonly number[]): Promise<boolean> {
  return withConnection(
    port,
    async (connection) => {
      const { brokers } = await metadataV12.api.async(connection, [], false, false)
      const known = new Set(brokers.map(({ nodeId }) => nodeId))
      if (!brokerIds.every((id) => known.has(id))) return false
      await initProducerIdV4.api.async(connection, null, 60_000, -1n, -1) // throws on any error code
      return true
    },
    probeTimeoutMs,
  )
}

function ignore(): void {}
