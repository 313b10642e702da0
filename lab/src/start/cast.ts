import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { freePorts } from '../cluster/free-ports.js'
import type { AirlineSettings } from './airline.js'
import type { ArrivalsSettings } from './arrivals.js'
import { Child } from './child.js'
import { type ChildMessage, type SlowDown, isChildMessage } from './messages.js'
import type { NaiveSettings } from './naive.js'
import type { RelaySettings } from './relay.js'
import { type ConsumerName, type Places, moduleBeside, partitions, sessionTimeoutMs, topic } from './scene.js'

/** Who listens to the children. */
export interface CastHost {
  said(name: string, message: ChildMessage): void
  /** A child ended although nobody told it to. */
  died(child: Child): void
}

/** How the consumers work. */
export type ConsumerPlan = Pick<ArrivalsSettings, 'onLoss' | 'slowEvery'>

/** How the broker is started. */
export interface BrokerSettings {
  /** `flush.messages` of the topic; undefined = Kafka's default, never. */
  readonly flushMessages: number | undefined
}

/** The line in which the broker says that it listens. */
interface Listening {
  readonly faultsUrl: string
}

const startMs = 15_000

/** A killed member's partitions go to the next one after the session timeout; Kafka's least for classic groups is 6 s. */
const brokerConfigs: Readonly<Record<string, number>> = {
  'group.consumer.session.timeout.ms': sessionTimeoutMs,
  'group.consumer.heartbeat.interval.ms': sessionTimeoutMs / 4,
  'group.min.session.timeout.ms': sessionTimeoutMs,
}

/** The processes: airline, relay, broker, consumers. */
export class Cast {
  readonly address: string
  readonly #port: number
  readonly #places: Places
  readonly #temporaryFolder: string | undefined
  readonly #host: CastHost
  readonly #expected = new WeakSet<Child>()
  /** The newest of each name. */
  readonly #children = new Map<string, Child>()
  #faultsUrl: string | undefined
  readonly #watches: Promise<void>[] = []
  #isClosed = false
  readonly #ready = new Map<string, () => void>()

  private constructor(places: Places, temporaryFolder: string | undefined, port: number, host: CastHost) {
    this.#places = places
    this.#temporaryFolder = temporaryFolder
    this.#port = port
    this.#host = host
    this.address = `127.0.0.1:${port}`
  }

  /** Picks the broker's port; nothing is started. */
  static async create(places: Places, temporaryFolder: string | undefined, host: CastHost): Promise<Cast> {
    const [port] = await freePorts(1)
    if (port === undefined) throw new Error('no free port on 127.0.0.1')
    return new Cast(places, temporaryFolder, port, host)
  }

  get brokers(): readonly string[] {
    return [this.address]
  }

  /** The fault switches' control; throws while no broker runs. */
  get faultsUrl(): string {
    if (this.#faultsUrl === undefined) throw new Error('no broker runs')
    return this.#faultsUrl
  }

  /** Starts the broker on its files and always the same port; resolves when it listens. */
  async startBroker({ flushMessages }: BrokerSettings): Promise<void> {
    const manifest = createRequire(import.meta.url).resolve('@waybill/broker/package.json')
    const spec = `${topic}:${partitions}${flushMessages === undefined ? '' : `:flush.messages=${flushMessages}`}`
    const configs = Object.entries(brokerConfigs).flatMap(([name, value]) => ['--config', `${name}=${value}`])
    const args = ['--port', String(this.#port), '--data', this.#places.broker, '--topic', spec, ...configs]
    let heard = (_line: string): void => undefined
    const line = new Promise<string>((resolve) => {
      heard = resolve
    })
    const broker = await this.#start('broker', join(dirname(manifest), 'dist/src/cli/main.js'), {
      args: [...args, '--faults-port', '0', '-o', 'json', '-v'],
      onLine: (text) => heard(text),
    })
    const listening = JSON.parse(await this.#inTime(broker, line)) as Listening
    this.#faultsUrl = listening.faultsUrl
  }

  /** Starts a relay; resolves when its tables are checked. It waits for the broker by itself. */
  async startRelay(): Promise<void> {
    const settings: RelaySettings = { database: this.#places.database, brokers: this.brokers }
    await this.#startReady('relay', 'relay.js', settings)
  }

  /** Starts the airline; resolves when its tables are there. */
  async startAirline(settings: Pick<AirlineSettings, 'count' | 'perSecond'>): Promise<void> {
    const all: AirlineSettings = { database: this.#places.database, brokers: this.brokers, ...settings }
    await this.#startReady('airline', 'airline.js', all)
  }

  /** Starts a consumer; resolves when its board is there. It joins its group by itself. */
  async startConsumer(name: ConsumerName, plan: ConsumerPlan): Promise<void> {
    const { brokers } = this
    const settings: Readonly<Record<ConsumerName, ArrivalsSettings | NaiveSettings>> = {
      arrivals: { board: this.#places.board, brokers, ...plan },
      naive: { board: this.#places.naiveBoard, brokers, slowEvery: plan.slowEvery },
    }
    await this.#startReady(name, `${name}.js`, settings[name])
  }

  /** Beyond this flight the airline shall slow down. */
  slowDown(slowFrom: number): void {
    this.#children.get('airline')?.tell({ slowFrom } satisfies SlowDown)
  }

  /** kill -9, back when it is dead. */
  async kill(name: 'relay' | 'broker' | ConsumerName): Promise<void> {
    if (name === 'broker') this.#faultsUrl = undefined
    await this.#kill(this.#children.get(name))
  }

  /** Stops the relay's clockwork (SIGSTOP) or lets it run on. */
  freezeRelay(freeze: boolean): void {
    this.#children.get('relay')?.signal(freeze ? 'SIGSTOP' : 'SIGCONT')
  }

  /** Asks it to end in order, kills it after `deadlineMs`. False when it had to be killed or failed. */
  async stop(name: 'relay' | ConsumerName, deadlineMs: number): Promise<boolean> {
    const child = this.#children.get(name)
    if (!child) return true
    this.#expected.add(child)
    child.signal('SIGTERM')
    const timer = setTimeout(() => child.signal('SIGKILL'), deadlineMs)
    const { code } = await child.ended
    clearTimeout(timer)
    return code === 0
  }

  /** Ends everything at once, and whatever is being started right now as soon as it runs. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#faultsUrl = undefined
    await Promise.all([...this.#children.values()].map((child) => this.#kill(child)))
    await Promise.all(this.#watches)
  }

  async #kill(child: Child | undefined): Promise<void> {
    if (!child) return
    this.#expected.add(child)
    await child.kill()
  }

  async #startReady(name: string, module: string, settings: unknown): Promise<void> {
    const ready = new Promise<void>((resolve) => this.#ready.set(name, resolve))
    const child = await this.#start(name, moduleBeside(module), { args: [JSON.stringify(settings)] })
    await this.#inTime(child, ready)
  }

  async #start(
    name: string,
    module: string,
    { args, onLine }: { readonly args: readonly string[]; readonly onLine?: (line: string) => void },
  ): Promise<Child> {
    this.#refuseClosed(name)
    const child = await Child.start({
      name,
      module,
      args,
      logFile: join(this.#places.folder, `${name}.log`),
      temporaryFolder: this.#temporaryFolder,
      onMessage: (message) => this.#heard(name, message),
      ...(onLine ? { onLine } : {}),
    })
    this.#children.set(name, child)
    this.#watches.push(this.#watch(child))
    // Race: a Ctrl-C between the kill of a relay and the start of the next one met no relay that it could have ended.
    if (this.#isClosed) await this.#kill(child)
    return child
  }

  #refuseClosed(name: string): void {
    if (this.#isClosed) throw new Error(`the ${name} is not started any more`)
  }

  async #watch(child: Child): Promise<void> {
    const { code } = await child.ended
    const wellDone = child.name === 'airline' && code === 0
    if (!wellDone && !this.#expected.has(child)) this.#host.died(child)
  }

  #heard(name: string, message: unknown): void {
    if (!isChildMessage(message)) return
    if (message.kind === 'ready') this.#ready.get(name)?.()
    this.#host.said(name, message)
  }

  async #inTime<T>(child: Child, work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`the ${child.name} is not ready after ${startMs} ms`)), startMs)
    })
    const ended = child.ended.then((): never => {
      throw new Error(`the ${child.name} ended while it started:\n${child.lastWords()}`)
    })
    try {
      return await Promise.race([work, late, ended])
    } finally {
      clearTimeout(timer)
      // Whoever lost the race may still reject, which then concerns nobody.
      ended.catch(() => undefined)
    }
  }
}
