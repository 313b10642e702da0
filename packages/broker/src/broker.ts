import { mkdtempSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTopicNow } from './api/create-topics.js'
import { APIS } from './api/table.js'
import { type BrokerFaults, type FaultControls, createFaults } from './faults/faults.js'
import { filesOnFullDisk } from './faults/full-disk.js'
import { type FaultsHttp, openFaultsHttp } from './faults/http.js'
import { FaultSwitches } from './faults/switches.js'
import { nodeFiles } from './log/log-files.js'
import { serveConnection } from './network/connection.js'
import { Listener } from './network/listener.js'
import { type BrokerOptions, checkOptionNames } from './options.js'
import { startMaintenance } from './maintenance.js'
import { checkBrokerConfigs } from './topics/configs.js'
import { systemClock, systemTimers } from './system/clock.js'
import { systemRandom } from './system/random.js'
import { Node } from './topics/node.js'

export type { BrokerFaults, StayDown } from './faults/faults.js'
export type { DelayResponses, DropResponses, ErrorNext, FaultsSnapshot } from './faults/switches.js'
export type { BrokerOptions, TopicOptions } from './options.js'
export { ErrorCode } from './protocol/error-codes.js'
export type { Clock, Timers } from './system/clock.js'
export type { Random } from './system/random.js'

/** A running broker. */
export interface Broker extends AsyncDisposable {
  readonly host: string
  /** The port in use, also while the broker is down. */
  readonly port: number
  /** `host:port` */
  readonly address: string
  /** What clients take as bootstrap servers; the same as `address`. */
  readonly bootstrap: string
  readonly dataDir: string
  /** `http://host:port` of the fault switches' control, when it was asked for. */
  readonly faultsUrl: string | undefined
  readonly faults: BrokerFaults
  /** False between stop or crash and the next start. */
  readonly isUp: boolean
  /** Starts a stopped broker on the same files and port. Does nothing when it is up. */
  start(): Promise<void>
  /** Stops in order: connections cut, logs flushed, producer state written. Does nothing when it is down. */
  stop(): Promise<void>
  /** `stop()`, and the control port and a temporary directory go too. Safe twice. */
  close(): Promise<void>
}

/**
 * Starts a Kafka-protocol broker in this process and resolves when it listens. For development and tests on one machine.
 * Rejects when the port or the directory cannot be used, or an option, topic or config is not valid.
 */
export async function createBroker(options: BrokerOptions = {}): Promise<Broker> {
  checkOptionNames(options)
  checkBrokerConfigs(options.configs ?? {})
  const broker = new EmbeddedBroker(options)
  try {
    await broker.open()
    return broker
  } catch (error) {
    await broker.close()
    throw error
  }
}

/** How a node goes down. */
type Ending = 'close' | 'abandon' | 'losePower'

/**
 * The shell around a Node: what a machine is to a process. It keeps the port, the options and the switches; `#node` is
 * the process. States: down (no node, no listener) -> start -> up -> stop | crash | powerLoss -> down; close is final.
 * Every change of state runs through `#serialized`, so a crash in the middle of a start waits for the start.
 */
class EmbeddedBroker implements Broker {
  readonly host: string
  readonly dataDir: string
  readonly faults: FaultControls
  readonly #options: BrokerOptions
  readonly #switches = new FaultSwitches()
  readonly #isTemporary: boolean
  #port: number
  #node: Node | undefined
  #listener: Listener | undefined
  #stopMaintenance: () => void = () => {}
  #http: FaultsHttp | undefined
  #closed = false
  #last: Promise<void> = Promise.resolve()

  constructor(options: BrokerOptions) {
    this.#options = options
    this.host = options.host ?? '127.0.0.1'
    this.#port = options.port ?? 0
    this.#isTemporary = options.dataDir === undefined
    this.dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'waybill-broker-'))
    this.faults = createFaults(this.#switches, {
      node: () => this.#node,
      crash: (restart) => this.#fall('abandon', restart),
      powerLoss: (restart) => this.#fall('losePower', restart),
      start: () => this.start(),
    })
  }

  get port(): number {
    return this.#port
  }

  get address(): string {
    return `${this.host.includes(':') ? `[${this.host}]` : this.host}:${this.#port}`
  }

  get bootstrap(): string {
    return this.address
  }

  get faultsUrl(): string | undefined {
    return this.#http?.url
  }

  get isUp(): boolean {
    return this.#node !== undefined
  }

  async open(): Promise<void> {
    await this.start()
    const { faultsPort } = this.#options
    if (faultsPort !== undefined) this.#http = await openFaultsHttp(this.faults, this.host, faultsPort)
  }

  start(): Promise<void> {
    return this.#serialized(() => this.#up())
  }

  stop(): Promise<void> {
    return this.#serialized(() => this.#down('close'))
  }

  async close(): Promise<void> {
    await this.#serialized(async () => {
      this.#closed = true
      try {
        await this.#down('close')
      } finally {
        await this.#http?.close()
        this.#http = undefined
        if (this.#isTemporary) rmSync(this.dataDir, { recursive: true, force: true })
      }
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #fall(ending: Ending, restart: boolean): Promise<void> {
    return this.#serialized(async () => {
      if (ending === 'losePower') this.#switches.powerLosses++
      else this.#switches.crashes++
      // The page cache of a process that is dead already goes with the power, too.
      if (ending === 'losePower' && !this.#node) Node.losePowerWhileDown(this.dataDir, nodeFiles)
      await this.#down(ending)
      if (restart) await this.#up()
    })
  }

  #serialized(step: () => Promise<void>): Promise<void> {
    const next = this.#last.then(step)
    // The next step runs whether this one failed or not; the caller of this one gets its error.
    this.#last = next.catch(() => {})
    return next
  }

  async #up(): Promise<void> {
    if (this.#closed) throw new Error('this broker is closed; make another with createBroker')
    if (this.#node) return
    const { nodeId = 1, configs = {}, topics = [], clock = systemClock, timers = systemTimers } = this.#options
    const { log = (): void => {}, random = systemRandom } = this.#options
    const files = filesOnFullDisk(nodeFiles, () => this.#switches.diskIsFull)
    const node = await Node.open({ dataDir: this.dataDir, nodeId, clock, timers, random, configs, files, log })
    try {
      for (const topic of topics) if (!node.topic(topic.name)) await createTopicNow(topic, node)
      const serve = (socket: Socket): void => {
        const context = { node, host: this.host, port: this.#port, clock, timers, log }
        const requestBytesMax = node.configs.brokerNumber('socket.request.max.bytes')
        const options = { apis: APIS, faults: this.#switches, requestBytesMax, context }
        serveConnection(socket, options).catch((error: unknown) => log(`bug: a connection ended with ${String(error)}`))
      }
      this.#listener = await Listener.open(this.host, this.#port, serve)
    } catch (error) {
      node.close()
      throw error
    }
    this.#port = this.#listener.port
    this.#stopMaintenance = startMaintenance(node, timers, log)
    this.#node = node
  }

  async #down(ending: Ending): Promise<void> {
    const node = this.#node
    const listener = this.#listener
    if (!node || !listener) return
    this.#node = undefined
    this.#listener = undefined
    this.#stopMaintenance()
    // The node goes first and at once: no request that is still being read may append to a process that is dead.
    try {
      node[ending]()
    } finally {
      await listener.close()
    }
  }
}
