import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { until } from '../../cluster/until.js'
import { Child } from '../../start/child.js'
import { isChildMessage } from '../../start/messages.js'
import { type Fate, testimony } from './fate.js'

const deadlineMs = 30_000
const everyMs = 5

/** What to start. */
export interface WorkerCommand {
  /** Unique in its world. */
  readonly name: string
  /** The compiled module, e.g. `new URL('relay-worker.js', import.meta.url)`. */
  readonly module: URL
  readonly settings: object
  readonly fate: Fate | undefined
  readonly folder: string
}

/** A worker process as its parent sees it. */
export class Worker {
  readonly name: string
  readonly fate: Fate | undefined
  /** Lanes that a relay holds, as it said last; and under which name. */
  lanes: readonly number[] = []
  owner = ''
  /** How often its lanes changed. */
  laneNews = 0
  acknowledged = 0
  /** Partitions that a consumer has, as it said last. */
  partitions: ReadonlySet<number> = new Set()
  /** Attempts of a relay that had no answer to be believed, each to be repeated. */
  unanswered = 0
  /** Flights that a relay read back, by what it found. */
  readonly resolved = { found: 0, 'not-found': 0, unknown: 0 }
  /** Findings that a relay reported, by kind. */
  readonly findings: string[] = []
  /** How often a consumer was told that its membership is lost. */
  losses = 0
  #isEndExpected = false
  #hasEndedWell = false
  #frozenAtMs = 0
  #ready = false
  #child: Child | undefined

  private constructor(name: string, fate: Fate | undefined) {
    this.name = name
    this.fate = fate
  }

  /** Starts the process; resolves when it runs. */
  static async start({ name, module, settings, fate, folder }: WorkerCommand): Promise<Worker> {
    const worker = new Worker(name, fate)
    worker.#child = await Child.start({
      name,
      module: fileURLToPath(module),
      args: [JSON.stringify(fate ? { ...settings, fate } : settings)],
      logFile: `${folder}/${name}.log`,
      temporaryFolder: folder,
      onMessage: (message) => worker.#heard(message),
    })
    return worker
  }

  /** It ended although it has no fate and nobody told it to. */
  get hasFailed(): boolean {
    return !this.#process.isRunning && !this.fate && !this.#isEndExpected
  }

  get isRunning(): boolean {
    return this.#process.isRunning
  }

  /** It ended by itself and well, as far as somebody waited for that. */
  get hasEndedWell(): boolean {
    return this.#hasEndedWell
  }

  /** Waits until `look` is true, or until it met its fate; fails when it ends meanwhile without having one. */
  async waitUntil(what: string, look: () => boolean, withinMs: number = deadlineMs): Promise<void> {
    const giveUp = (): void => {
      if (!this.isRunning && this.fate?.ending !== 'kill')
        throw new Error(`${this.name} ended, waiting for ${what}:\n${this.lastWords()}`)
    }
    await until(async () => look() || this.#isAtItsEnd(), {
      what: `${this.name}: ${what}`,
      deadlineMs: withinMs,
      everyMs,
      giveUp,
    })
  }

  /** Its tables are checked; a consumer has joined its group. Also true when it met its fate on the way. */
  waitReady(): Promise<void> {
    return this.waitUntil('ready', () => this.#ready)
  }

  /** Waits until it met its fate; throws when it ended in any other way or did not come there at all. */
  async meetFate(): Promise<void> {
    const { fate, name } = this
    if (!fate) throw new Error(`${name} has no fate to meet`)
    const point = `${fate.failpoint}#${fate.hit}`
    try {
      await until(async () => this.#isAtItsEnd(), { what: `${name} at ${point}`, deadlineMs, everyMs })
    } catch (error) {
      throw new Error(`${name} never came to ${point}:\n${this.lastWords()}`, { cause: error })
    }
    const said = existsSync(fate.witness) ? readFileSync(fate.witness, 'utf8') : 'nothing'
    if (said !== testimony(fate, this.#process.pid)) throw new Error(`${name} was to be at ${point}, witness: ${said}`)
    this.#frozenAtMs = performance.now()
    if (fate.ending === 'freeze' && this.isRunning) return
    const { code, signal } = await this.#process.ended
    if (fate.ending !== 'kill' || signal !== 'SIGKILL')
      throw new Error(`${name} ended with ${signal ?? code} at ${point}:\n${this.lastWords()}`)
  }

  /** How long it has been frozen, as far as we saw. */
  get frozenMs(): number {
    return performance.now() - this.#frozenAtMs
  }

  /** SIGSTOP, wherever it is now. */
  freeze(): void {
    this.#process.signal('SIGSTOP')
    this.#frozenAtMs = performance.now()
  }

  /** A frozen process runs on. */
  thaw(): void {
    this.#process.signal('SIGCONT')
  }

  /** Asks it to stop; it then does so in its own time. */
  askToStop(): void {
    this.#process.signal('SIGTERM')
  }

  /** Resolves when it ended by itself and well. */
  async endsWell(): Promise<void> {
    await until(async () => !this.isRunning, { what: `the end of ${this.name}`, deadlineMs, everyMs })
    const { code, signal } = await this.#process.ended
    this.#isEndExpected = code === 0
    this.#hasEndedWell = code === 0
    if (code !== 0) throw new Error(`${this.name} ended with ${signal ?? code}:\n${this.lastWords()}`)
  }

  /** Asks it to stop, when it can hear that, and waits until it has. */
  async stop(): Promise<void> {
    if (!this.fate) await this.waitReady()
    this.askToStop()
    await this.endsWell()
  }

  /** kill -9, also of a frozen one. */
  kill(): Promise<void> {
    this.#isEndExpected = true
    return this.#process.kill()
  }

  /** The end of its log. */
  lastWords(): string {
    return this.#process.lastWords()
  }

  get #process(): Child {
    if (!this.#child) throw new Error(`${this.name} was not started`)
    return this.#child
  }

  #isAtItsEnd(): boolean {
    if (!this.fate) return false
    return !this.isRunning || (this.fate.ending === 'freeze' && this.#isStopped())
  }

  /** The kernel's word for it; third field of stat, after the command in brackets. */
  #isStopped(): boolean {
    const stat = readFileSync(`/proc/${this.#process.pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')
  }

  #heard(message: unknown): void {
    if (!isChildMessage(message)) return
    if (message.kind === 'ready') this.#ready = true
    if (message.kind !== 'event') return
    const { event } = message
    if (event.kind === 'acked') this.acknowledged += event.count
    if (event.kind === 'lanes') {
      this.lanes = event.held
      this.owner = event.owner
      this.laneNews++
    }
    if (event.kind === 'unanswered') this.unanswered++
    if (event.kind === 'resolved') this.resolved[event.outcome]++
    if (event.kind === 'finding') this.findings.push(event.finding)
    if (event.kind === 'lost') this.losses++
    if (event.kind !== 'assigned' && event.kind !== 'revoked' && event.kind !== 'lost') return
    const named = new Set(event.partitions.map(({ partition }) => partition))
    const kept = [...this.partitions].filter((partition) => !named.has(partition))
    this.partitions = new Set(event.kind === 'assigned' ? [...kept, ...named] : kept)
  }
}
