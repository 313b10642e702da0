/** A listener of a node: where it listens, and where others are told to go (a proxy in front of it; itself unless told). */
export interface Listener {
  readonly port: number
  readonly advertisedPort?: number
}

/** Where one node of a cluster listens. */
export interface NodeAddress {
  readonly id: number
  /** For clients, and for the other nodes where there is no `replication`. */
  readonly client: Listener
  readonly controller: Listener
  /** For the other nodes; without it they use the clients'. */
  readonly replication?: Listener
}

/**
 * The settings of one node in combined mode (broker and controller): replication factor 3 and two in-sync replicas where there
 * are three nodes, else 1; no topics by themselves; short start-up and clean-up delays; small coordinators' topics.
 * `properties` come last and win.
 */
export function serverProperties(
  node: NodeAddress,
  all: readonly NodeAddress[],
  dataFolder: string,
  properties: Readonly<Record<string, string>>,
): Record<string, string> {
  const replicas = String(all.length)
  const inSync = all.length === 3 ? '2' : '1'
  const listeners = Object.entries({
    PLAINTEXT: node.client,
    ...(node.replication && { REPLICATION: node.replication }),
  })
  const shown = (name: string, port: number): string => `${name}://127.0.0.1:${port}`
  const advertised = listeners.map(([name, each]) => shown(name, told(each)))
  const own = [...listeners, ['CONTROLLER', node.controller] as const].map(([name, { port }]) => shown(name, port))
  return {
    'process.roles': 'broker,controller',
    'node.id': String(node.id),
    'controller.quorum.voters': all.map(({ id, controller }) => `${id}@127.0.0.1:${told(controller)}`).join(','),
    listeners: own.join(','),
    'advertised.listeners': advertised.join(','),
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,REPLICATION:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': node.replication ? 'REPLICATION' : 'PLAINTEXT',
    'log.dirs': dataFolder,
    'num.partitions': '4',
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': '2',
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': '2',
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'share.coordinator.state.topic.num.partitions': '1',
    'group.initial.rebalance.delay.ms': '0',
    'auto.create.topics.enable': 'false',
    'num.network.threads': '2',
    'num.io.threads': '4',
    'log.cleaner.dedupe.buffer.size': '4000000',
    'log.retention.check.interval.ms': '3000',
    'log.initial.task.delay.ms': '1000',
    'replica.lag.time.max.ms': '30000',
    // a killed node can come back only when its old session has run out
    'broker.session.timeout.ms': '5000',
    'broker.heartbeat.interval.ms': '500',
    ...properties,
  }
}

/** The settings as the text of a properties file. */
export function propertiesText(properties: Readonly<Record<string, string>>): string {
  const escape = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${escape(value)}\n`)
    .join('')
}

const told = ({ port, advertisedPort }: Listener): number => advertisedPort ?? port
