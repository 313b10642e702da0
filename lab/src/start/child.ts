import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

/** Names the environment variable with the folder that orphans remove. */
export const temporaryFolderVariable = 'WAYBILL_START_TEMPORARY'

/** How a process ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** What to run, and where its standard error goes. */
export interface Command {
  /** For messages: "relay", "broker", … */
  readonly name: string
  readonly module: string
  readonly args: readonly string[]
  readonly logFile: string
  /** Removed by the child when its parent died; undefined = nothing is. */
  readonly temporaryFolder: string | undefined
  /** Receives every IPC message. */
  readonly onMessage?: (message: unknown) => void
  /** Receives every line of standard output. */
  readonly onLine?: (line: string) => void
}

const living = new Set<ChildProcess>()

process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL')
})

/**
 * A Node process that never outlives us. It is in a process group of its own, so that a Ctrl-C at the terminal reaches
 * only the parent, which then ends all of them in its own order; and it ends itself when the IPC channel closes.
 */
export class Child {
  readonly name: string
  readonly pid: number
  readonly logFile: string
  /** Resolves when the process has ended; never rejects. */
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess

  private constructor(command: Command, child: ChildProcess, pid: number) {
    this.name = command.name
    this.logFile = command.logFile
    this.pid = pid
    this.#child = child
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        living.delete(child)
        resolve({ code, signal })
      })
    })
  }

  /** Starts the module; resolves when the process runs (not when it is ready), rejects when it cannot be started. */
  static async start(command: Command): Promise<Child> {
    const { module, args, temporaryFolder, onMessage, onLine } = command
    const preload = new URL('end-with-parent.js', import.meta.url).href
    const log = openSync(command.logFile, 'a')
    try {
      const child = spawn(process.execPath, ['--enable-source-maps', '--import', preload, module, ...args], {
        stdio: ['ignore', onLine ? 'pipe' : 'ignore', log, 'ipc'],
        detached: true,
        env: { ...process.env, ...(temporaryFolder ? { [temporaryFolderVariable]: temporaryFolder } : {}) },
      })
      living.add(child)
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve)
        child.once('error', (error) => {
          living.delete(child)
          reject(new Error(`the ${command.name} cannot be started: ${error.message}`, { cause: error }))
        })
      })
      if (child.pid === undefined) throw new Error(`the ${command.name} started without a process id`)
      if (onMessage) child.on('message', onMessage)
      if (onLine && child.stdout) createInterface({ input: child.stdout }).on('line', onLine)
      return new Child(command, child, child.pid)
    } finally {
      closeSync(log)
    }
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Sends a signal; does nothing to a process that has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.#child.kill(signal)
  }

  /** Sends an IPC message; a child that has ended does not hear it. */
  tell(message: object): void {
    if (this.#child.connected) this.#child.send(message, () => undefined)
  }

  /** kill -9, and waits until the kernel says it is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.ended
  }

  /** The last lines that it wrote on standard error. */
  lastWords(lines = 15): string {
    return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
  }
}
