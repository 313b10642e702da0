/** Where one node of a cluster listens. */
export interface NodeAddress {
  readonly id: number
  readonly port: number
  readonly controllerPort: number
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
  return {
    'process.roles': 'broker,controller',
    'node.id': String(node.id),
    'controller.quorum.voters': all.map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`).join(','),
    listeners: `PLAINTEXT://127.0.0.1:${node.port},CONTROLLER://127.0.0.1:${node.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${node.port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
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
