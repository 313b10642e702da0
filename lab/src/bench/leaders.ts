import { Connection, metadataV12 } from '@platformatic/kafka'

/** A connection to a broker, and the partitions of the topic that it leads. */
export interface Leader {
  readonly connection: Connection
  readonly partitions: readonly number[]
}

/** Connects to the leaders of all partitions of a topic. Fails when there is no such topic. */
export async function connectToLeaders(
  brokers: readonly string[],
  topic: string,
): Promise<{ readonly topicId: string; readonly leaders: readonly Leader[] }> {
  const seed = await open(brokers[0] ?? '')
  try {
    const metadata = await metadataV12.api.async(seed, [topic], false, false)
    const [view] = metadata.topics
    if (!view) throw new Error(`no topic ${topic}`)
    const leaders: Leader[] = []
    for (const { nodeId, host, port } of metadata.brokers) {
      const led = view.partitions.filter(({ leaderId }) => leaderId === nodeId)
      const partitions = led.map(({ partitionIndex }) => partitionIndex)
      if (partitions.length > 0) leaders.push({ connection: await open(`${host}:${port}`), partitions })
    }
    return { topicId: view.topicId, leaders }
  } finally {
    await seed.close()
  }
}

async function open(address: string): Promise<Connection> {
  const connection = new Connection('waybill-bench', { connectTimeout: 5_000, requestTimeout: 60_000 })
  connection.on('error', () => undefined) // the awaited call fails with it; unheard it would end the process
  const colon = address.lastIndexOf(':')
  await connection.connect(address.slice(0, colon), Number(address.slice(colon + 1)))
  return connection
}
