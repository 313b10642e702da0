import { Consumer, GroupProtocols, type Message, MessagesStreamModes } from '@platformatic/kafka'

/**
 * A program: one member of a group, an ordinary client that commits what it has handled. Tells its parent every
 * `partition:offset` before it commits it, and lives until it is killed.
 */
const [bootstrap = '', groupId = '', topic = '', protocol = ''] = process.argv.slice(2)

const options = { clientId: 'member', groupId, bootstrapBrokers: [bootstrap], timeout: 1000 }
const consumer =
  protocol === 'consumer'
    ? new Consumer({ ...options, groupProtocol: GroupProtocols.CONSUMER })
    : new Consumer({ ...options, sessionTimeout: 2000, heartbeatInterval: 300, rebalanceTimeout: 5000 })

const stream = await consumer.consume({
  topics: [topic],
  mode: MessagesStreamModes.COMMITTED,
  fallbackMode: 'earliest',
  autocommit: false,
  maxWaitTime: 200,
  maxBytes: 4096,
  highWaterMark: 64,
})
process.once('disconnect', () => process.exit())

/** What the parent is sent: `partition:offset`. */
export type Told = string

const told = (at: Told): Promise<unknown> => new Promise((resolve) => process.send?.(at, resolve))
const pauseMs = 25

let handled: Message[] = []
for await (const message of stream) {
  await told(`${message.partition}:${message.offset}`)
  handled.push(message)
  if (handled.length < 50) continue
  const last = new Map(handled.map((m) => [m.partition, m]))
  handled = []
  // A commit that is refused (the partition has just gone) only means that the next owner does it again.
  for (const m of last.values()) await Promise.resolve(m.commit()).catch(() => {})
  // Slow enough that both have work left when one of them dies.
  await new Promise((resolve) => setTimeout(resolve, pauseMs))
}
