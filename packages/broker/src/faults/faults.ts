import { expireGroup } from '../groups/offset-expiry.js'
import type { Node } from '../topics/node.js'
import type { DelayResponses, DropResponses, ErrorNext, FaultSwitches, FaultsSnapshot } from './switches.js'

/** What happens after a crash or power loss. */
export interface StayDown {
  /** Default true: the broker is up again, on the same port, when the promise resolves. False: until `broker.start()`. */
  readonly restart?: boolean
}

/** The switches that make the broker misbehave as a real one can. Counts are per request, in the order they come. */
export interface BrokerFaults {
  /** Executes the next requests of an API, never sends the response, and cuts the connection. */
  dropResponses(rule: DropResponses): void
  /** Answers the next requests of an API with an error, without executing them. */
  errorNext(rule: ErrorNext): void
  /** Holds back the next responses of an API; the requests are executed at once. */
  delayResponses(rule: DelayResponses): void
  /** While true every append answers KAFKA_STORAGE_ERROR (56) and appends nothing. */
  diskFull(on: boolean): void
  /** kill -9: sockets cut, all memory gone, page cache kept; then the state is rebuilt from the files. */
  crash(options?: StayDown): Promise<void>
  /** The plug is pulled: what was not flushed is gone, then as `crash`. Topics and producer ids are always flushed. */
  powerLoss(options?: StayDown): Promise<void>
  /** Every partition forgets every producer, as after producer.id.expiration.ms. */
  expireProducers(): void
  /**
   * Forgets the group's committed offsets as Kafka does when offsets.retention.minutes is over, and the group when it is
   * empty; answers how many went. Offsets of topics that live members subscribe to stay, as in Kafka.
   */
  expireOffsets(group: string): number
  /**
   * The group coordinator moves to another broker and back: waiting joins end, its memory is read from the log again, and
   * every connection's next group request answers NOT_COORDINATOR (16), once.
   */
  moveCoordinator(): void
  /** Takes back every rule that is still waiting, and a full disk. Counters stay. */
  clear(): void
  /** Counters and waiting rules. */
  snapshot(): FaultsSnapshot
}

/** What the switches need of the broker. */
export interface BrokerControls {
  node(): Node | undefined
  crash(restart: boolean): Promise<void>
  powerLoss(restart: boolean): Promise<void>
  start(): Promise<void>
}

/** BrokerFaults and the start that a remote control needs as well. */
export interface FaultControls extends BrokerFaults {
  start(): Promise<void>
}

/** Joins the per-request switches and the broker-wide ones. */
export function createFaults(switches: FaultSwitches, broker: BrokerControls): FaultControls {
  return {
    dropResponses: (rule) => switches.addDrop(rule),
    errorNext: (rule) => switches.addError(rule),
    delayResponses: (rule) => switches.addDelay(rule),
    diskFull: (on) => {
      switches.diskIsFull = on
    },
    crash: (options) => broker.crash(options?.restart ?? true),
    powerLoss: (options) => broker.powerLoss(options?.restart ?? true),
    expireProducers: () => broker.node()?.expireAllProducers(),
    expireOffsets: (group) => {
      const groups = broker.node()?.coordinator
      return groups ? expireGroup(groups, group, Number.POSITIVE_INFINITY) : 0
    },
    moveCoordinator: () => {
      switches.coordinatorMoves++
      broker.node()?.coordinator?.reload()
    },
    clear: () => switches.clear(),
    snapshot: () => switches.snapshot(),
    start: () => broker.start(),
  }
}
