import { spawn, type ChildProcess } from 'node:child_process'
import { accessSync, closeSync, constants, openSync, readFileSync } from 'node:fs'

/** How a server process ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A program, its arguments and the file that its output is appended to. */
export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly logFile: string
  /** Whom the process runs as; ourselves unless told. Only root may choose another. */
  readonly owner?: Owner
}

/** A system user by its numbers. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

// Every server process of this Node process that may still run.
const living = new Set<ChildProcess>()
const setpriv = '/usr/bin/setpriv'

/**
 * A server process that never outlives us. Three nets: when this process exits, when SIGINT, SIGTERM or SIGHUP ends it,
 * and, where Linux's `setpriv` is installed, the kernel's parent-death signal, which also works for our own kill -9.
 * Ends only processes that it started, by their id.
 */
export class ServerProcess {
  readonly pid: number
  /** Resolves when the process has ended; never rejects. */
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, pid: number) {
    this.#child = child
    this.pid = pid
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        living.delete(child)
        resolve({ code, signal })
      })
    })
  }

  /** Starts the program; resolves when it runs (not when it is ready), fails when it cannot be started. */
  static async start({ program, args, logFile, owner }: Command): Promise<ServerProcess> {
    catchOurOwnEnd()
    const [first, ...rest] = withParentDeathSignal(program, args)
    const log = openSync(logFile, 'a')
    try {
      const child = spawn(first, rest, { stdio: ['ignore', log, log], detached: false, ...owner })
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve)
        child.once('error', (error) =>
          reject(new Error(`could not start ${program}: ${error.message}`, { cause: error })),
        )
      })
      if (child.pid === undefined) throw new Error(`${program} started without a process id`)
      living.add(child)
      return new ServerProcess(child, child.pid)
    } finally {
      closeSync(log)
    }
  }

  /** Whether the process still runs (a stopped one does). */
  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /**
   * Whether the process ended by itself or was killed; an end in good order is none: Ctrl-C in a terminal reaches the servers, too
   * (PostgreSQL's exit code is 0 then, Java's 130).
   */
  get hasCrashed(): boolean {
    return !this.isRunning && ![0, 130, 143].includes(this.#child.exitCode ?? -1)
  }

  /** Sends a signal; does nothing to a process that has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.#child.kill(signal)
  }
}

/** The last lines of a log file, for an error message. */
export function logTail(logFile: string, lines = 40): string {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
  } catch {
    return `(no log at ${logFile})`
  }
}

function withParentDeathSignal(program: string, args: readonly string[]): [string, ...string[]] {
  try {
    accessSync(setpriv, constants.X_OK)
  } catch {
    return [program, ...args]
  }
  return [setpriv, '--pdeathsig', 'KILL', '--', program, ...args]
}

function killAll(): void {
  for (const child of living) child.kill('SIGKILL')
}

let isCatching = false

function catchOurOwnEnd(): void {
  if (isCatching) return
  isCatching = true
  process.once('exit', killAll)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, endBySignal)
}

/** Without a listener Node dies of these signals at once and runs no exit hook; with one it lives on, so we end it ourselves. */
function endBySignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return // somebody else ends this process, then the exit hook runs
  killAll()
  process.off(signal, endBySignal)
  process.kill(process.pid, signal)
}
