import {
  type API,
  type Connection,
  createAPI,
  endTxnV4,
  findCoordinatorV6,
  initProducerIdV4,
  produceV9,
  Writer,
} from '@platformatic/kafka'
import { until } from '../../src/cluster/until.js'

/** What to append in one transaction. */
export interface Transaction {
  readonly topic: string
  readonly partition: number
  readonly values: readonly string[]
  readonly end: 'commit' | 'abort'
}

const transactionKeyType = 1
const timeoutMs = 60_000
const deadlineMs = 30_000

/** AddPartitionsToTxn v3, which is the clients' version of it; the library only writes the brokers' form. */
const addPartitionApi: API<[id: string, producer: Producer, topic: string, partition: number], number> = createAPI(
  24,
  3,
  (id: string, producer: Producer, topic: string, partition: number) =>
    Writer.create()
      .appendString(id)
      .appendInt64(producer.producerId)
      .appendInt16(producer.producerEpoch)
      .appendArray([topic], (w, name) =>
        w.appendString(name).appendArray([partition], (p, n) => p.appendInt32(n), true, false),
      )
      .appendTaggedFields(),
  (_correlationId, _key, _version, reader) => {
    // throttle, one topic of one partition: count, name, count, number, error code
    const bytes = reader.buffer.slice(reader.position)
    return bytes.readInt16BE(bytes.length - 5)
  },
)

interface Producer {
  readonly producerId: bigint
  readonly producerEpoch: number
}

/** Runs one transaction from beginning to end at a one-node cluster; resolves when its markers are in the log. */
export async function transact(
  connection: Connection,
  id: string,
  { topic, partition, values, end }: Transaction,
): Promise<void> {
  // Makes Kafka create the coordinator's topic the first time.
  await until(() => findCoordinatorV6.api.async(connection, transactionKeyType, [id]), {
    what: 'a coordinator',
    deadlineMs,
  })
  const producer = await initialised(connection, id)
  await until(async () => (await addPartitionApi.async(connection, id, producer, topic, partition)) === 0, {
    what: `transaction ${id} to take ${topic}-${partition}`,
    deadlineMs,
  })
  const messages = values.map((value) => ({ topic, partition, value: Buffer.from(value) }))
  await produceV9.api.async(connection, -1, timeoutMs, messages, { transactionalId: id, ...producer })
  await endTxnV4.api.async(connection, id, producer.producerId, producer.producerEpoch, end === 'commit')
  await initialised(connection, id) // answered only when the markers are written
}

function initialised(connection: Connection, id: string): Promise<Producer> {
  return until(() => initProducerIdV4.api.async(connection, id, timeoutMs, -1n, -1), {
    what: `transactional id ${id} to be ready`,
    deadlineMs,
  })
}
