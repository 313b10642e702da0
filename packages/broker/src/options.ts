import type { Clock, Timers } from './system/clock.js'
import type { Random } from './system/random.js'

/** A topic that exists from the start; one that is there already from an earlier run is left as it is. */
export interface TopicOptions {
  readonly name: string
  /** Default 1. */
  readonly partitions?: number
  /** Topic configs by Kafka's names, values as text. */
  readonly configs?: Readonly<Record<string, string>>
}

/** Options of createBroker. Every one has a default. */
export interface BrokerOptions {
  /** Where the broker keeps its files. Without it: a fresh directory that `close()` removes. */
  readonly dataDir?: string
  /** The address to listen on and to announce. Default 127.0.0.1; there is no authentication, so think before another. */
  readonly host?: string
  /** Default 0: a free port, the same one until `close()`. */
  readonly port?: number
  /** The broker id that clients see. Default 1. */
  readonly nodeId?: number
  readonly topics?: readonly TopicOptions[]
  /** Broker configs as in server.properties, values as text. An unknown name is refused. */
  readonly configs?: Readonly<Record<string, string>>
  /** Port of the HTTP control for the fault switches, 0 = a free one. Without it there is none. */
  readonly faultsPort?: number
  readonly clock?: Clock
  readonly timers?: Timers
  /** Where topic ids and member ids come from. Default: the operating system's generator. */
  readonly random?: Random
  /** Gets one line per thing worth knowing (garbage on a connection, a refused batch, …). Default: nothing. */
  readonly log?: (line: string) => void
}

const KNOWN: Readonly<Record<keyof BrokerOptions, true>> = {
  dataDir: true,
  host: true,
  port: true,
  nodeId: true,
  topics: true,
  configs: true,
  faultsPort: true,
  clock: true,
  timers: true,
  random: true,
  log: true,
}

/** Throws a TypeError that names the first option nobody knows: a misspelt one would silently do nothing. */
export function checkOptionNames(options: BrokerOptions): void {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(KNOWN, name))
  if (unknown === undefined) return
  throw new TypeError(`createBroker has no option '${unknown}'; it has: ${Object.keys(KNOWN).join(', ')}`)
}
