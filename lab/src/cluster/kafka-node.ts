import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { logTail, ServerProcess } from './child-process.js'
import { isReady } from './readiness.js'
import type { NodeAddress } from './server-properties.js'
import { until } from './until.js'

// Quick to start rather than quick to run: one compiler tier, no parallel collector, a small fixed heap.
const javaOptions = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
const brokerOptions = [
  ...javaOptions,
  '-Xms256m',
  '-Xmx384m',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS',
]

/** Milliseconds a node has to become ready; 2.5 s alone on an idle machine, a minute on a very busy one. */
export const readyDeadlineMs = 120_000
const cleanStopDeadlineMs = 60_000

/** What a node is started with. */
export interface NodeFiles {
  readonly address: NodeAddress
  /** The node's own folder: `server.properties`, `data/`, `server.log`. */
  readonly folder: string
  readonly jars: string
}

/**
 * One real Kafka node: a Java process of ours, with a port and a data folder that stay the same over restarts.
 * What is done to it is done to its process: nothing is simulated.
 */
export class KafkaNode {
  readonly id: number
  /** `127.0.0.1:<port>` */
  readonly bootstrap: string
  readonly port: number
  readonly dataFolder: string
  readonly logFile: string
  readonly #files: NodeFiles
  #process: ServerProcess | undefined
  #isEndExpected = true

  constructor(files: NodeFiles) {
    this.id = files.address.id
    this.port = files.address.client.port
    this.bootstrap = `127.0.0.1:${files.address.client.port}`
    this.dataFolder = join(files.folder, 'data')
    this.logFile = join(files.folder, 'server.log')
    this.#files = files
  }

  /** The process id; undefined while the node is down. */
  get pid(): number | undefined {
    return this.#process?.isRunning ? this.#process.pid : undefined
  }

  /** Whether the node ended without being told to. */
  get hasCrashed(): boolean {
    return !this.#isEndExpected && this.#process?.hasCrashed === true
  }

  /** Gives an empty data folder its cluster and node identity. Once, before the first start. */
  async format(clusterId: string): Promise<void> {
    const args = [
      ...javaOptions,
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      ...this.#main('kafka.tools.StorageTool'),
    ]
    await promisify(execFile)('java', [...args, 'format', `--cluster-id=${clusterId}`, '-c', this.#propertiesFile], {
      timeout: 60_000,
    })
  }

  /** Starts the process and returns without waiting for the server in it. */
  async launch(): Promise<void> {
    if (this.pid !== undefined) throw new Error(`Kafka node ${this.id} already runs as process ${this.pid}`)
    const args = [...brokerOptions, ...this.#main('kafka.Kafka'), this.#propertiesFile]
    this.#isEndExpected = false
    this.#process = await ServerProcess.start({ program: 'java', args, logFile: this.logFile })
  }

  /**
   * Waits until this node answers Metadata with all of `brokerIds` (itself alone unless told) and hands out producer ids.
   * Fails at the deadline, or at once when the process ended, with the tail of the server's log.
   */
  async ready(brokerIds: readonly number[] = [this.id], deadlineMs: number = readyDeadlineMs): Promise<void> {
    const wait = {
      what: `Kafka node ${this.id} at ${this.bootstrap} to be ready`,
      deadlineMs,
      giveUp: () => {
        if (this.pid === undefined) throw new Error(`Kafka node ${this.id} ended before it was ready`)
      },
    }
    try {
      await until(() => isReady(this.port, brokerIds), wait)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new Error(`${reason}\n--- ${this.logFile}\n${logTail(this.logFile)}`, { cause: error })
    }
  }

  /** SIGKILL, as a power cut of the process alone: what it wrote stays in the page cache. Resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** SIGSTOP: the node keeps its connections and answers nothing. */
  pause(): void {
    this.#process?.signal('SIGSTOP')
  }

  /** SIGCONT after a pause. */
  resume(): void {
    this.#process?.signal('SIGCONT')
  }

  /** A clean stop (SIGTERM, controlled shutdown). After 60 s the node is killed and the call fails. */
  async stop(): Promise<void> {
    const { pid } = this
    this.resume() // a stopped process would not see SIGTERM
    if (await this.#end('SIGTERM', cleanStopDeadlineMs)) return
    await this.kill()
    throw new Error(
      `Kafka node ${this.id} (process ${pid}) did not stop within ${cleanStopDeadlineMs} ms, so it was killed`,
    )
  }

  /** Starts the node again with the same data and the same port, after a clean stop if it still runs, and waits until it is ready. */
  async restart(deadlineMs: number = readyDeadlineMs): Promise<void> {
    if (this.pid !== undefined) await this.stop()
    await this.launch()
    await this.ready([this.id], deadlineMs)
  }

  get #propertiesFile(): string {
    return join(this.#files.folder, 'server.properties')
  }

  #main(mainClass: string): string[] {
    return ['-cp', join(this.#files.jars, '*'), mainClass]
  }

  /** Signals the process and waits for its end; false when the deadline passed first. */
  async #end(signal: NodeJS.Signals, deadlineMs = 30_000): Promise<boolean> {
    const server = this.#process
    if (server === undefined) return true
    if (server.isRunning) this.#isEndExpected = true
    server.signal(signal)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), deadlineMs)))
    const isGone = await Promise.race([server.ended.then(() => true), late])
    clearTimeout(timer)
    return isGone
  }
}
