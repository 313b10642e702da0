import { fileURLToPath } from 'node:url'
import { until } from '../cluster/until.js'
import { Child } from '../start/child.js'

const readyDeadlineMs = 60_000
const endDeadlineMs = 30_000

/** What to run, with what. */
export interface WorkerCommand {
  /** Of the log file. */
  readonly name: string
  /** A module beside this one that calls `serve`. */
  readonly module: string
  readonly settings: object
  /** Where its log goes. */
  readonly folder: string
  /** Where it writes a CPU profile at its end, if anywhere. */
  readonly profile?: string | undefined
}

/** A process of a bench: gets ready, goes when it is told to, ends when it is told to. */
export class Worker {
  readonly #child: Child
  readonly #said: unknown[]
  #end = 'nothing'

  private constructor(child: Child, said: unknown[]) {
    this.#child = child
    this.#said = said
    child.ended.then(
      ({ code, signal }) => (this.#end = String(signal ?? code)),
      () => undefined,
    )
  }

  /** Starts the process and waits until it is ready. */
  static async start({ name, module, settings, folder, profile }: WorkerCommand): Promise<Worker> {
    const said: unknown[] = []
    const child = await Child.start({
      name,
      module: fileURLToPath(new URL(module, import.meta.url)),
      args: [JSON.stringify(settings), ...(profile === undefined ? [] : [profile])],
      logFile: `${folder}/${name}.log`,
      temporaryFolder: undefined,
      onMessage: (message) => said.push(message),
    })
    const worker = new Worker(child, said)
    await worker.heard('ready', readyDeadlineMs)
    return worker
  }

  get pid(): number {
    return this.#child.pid
  }

  /** Throws with its last words when it has ended. */
  mustRun(): void {
    if (this.#child.isRunning) return
    throw new Error(`${this.#child.name} ended with ${this.#end}:\n${this.#child.lastWords()}`)
  }

  /** Tells it to begin. */
  go(): void {
    this.#child.tell({ go: true })
  }

  /** Waits for a message of this kind and resolves to it; fails when the process ends before. */
  heard(kind: string, deadlineMs: number): Promise<object> {
    const look = async (): Promise<object | undefined> =>
      this.#said.find((message): message is object => isOfKind(message, kind))
    return until(look, {
      what: `${kind} of ${this.#child.name}`,
      deadlineMs,
      everyMs: 10,
      giveUp: () => this.mustRun(),
    })
  }

  /** All messages of this kind so far. */
  all(kind: string): readonly object[] {
    return this.#said.filter((message): message is object => isOfKind(message, kind))
  }

  /** SIGTERM, and waits for its end; after 30 s it is killed and the call fails. */
  async stop(): Promise<void> {
    this.#child.signal('SIGTERM')
    try {
      await until(async () => !this.#child.isRunning, {
        what: `the end of ${this.#child.name}`,
        deadlineMs: endDeadlineMs,
        everyMs: 10,
      })
    } catch (error) {
      await this.#child.kill()
      throw error
    }
  }

  /** kill -9; safe when it has ended. */
  kill(): Promise<void> {
    return this.#child.kill()
  }
}

function isOfKind(message: unknown, kind: string): boolean {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === kind
}
