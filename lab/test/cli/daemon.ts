import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { freePorts } from '../../src/cluster/free-ports.js'
import { until } from '../../src/cluster/until.js'

const main = fileURLToPath(new URL('dist/src/cli/main.js', import.meta.resolve('waybill/package.json')))
const deadlineMs = 60_000

/** What a command left behind. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function spawned(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function output(child: ChildProcess): Promise<Ended> {
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (part: Buffer) => (stdout += part.toString()))
  child.stderr?.on('data', (part: Buffer) => (stderr += part.toString()))
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })))
}

/** Runs one command of `waybill` to its end. */
export function waybill(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  return output(spawned(args, env))
}

type Run = (
  args: readonly string[],
  surface: {
    readonly env: Readonly<Record<string, string>>
    out(text: string): void
    err(text: string): void
  },
) => Promise<number>

/** Runs one command of `waybill` in this process: what a process takes half a second to load is here already. */
export async function runHere(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  const { run } = (await import(new URL('run.js', pathToFileURL(main)).href)) as { readonly run: Run }
  const [stdout, stderr]: string[][] = [[], []]
  const code = await run(args, { env, out: (text) => stdout?.push(text), err: (text) => stderr?.push(text) })
  return { code, stdout: stdout?.join('') ?? '', stderr: stderr?.join('') ?? '' }
}

/** Starts one command of `waybill` that the test ends before it does. */
export function startWaybill(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): { readonly ended: Promise<Ended>; kill(signal?: NodeJS.Signals): void } {
  const child = spawned(args, env)
  return { ended: output(child), kill: (signal = 'SIGKILL') => void child.kill(signal) }
}

/** What `/ready` answers. */
export interface Ready {
  readonly status: number
  readonly ready: boolean
  readonly reasons: readonly string[]
  readonly lanesHeld: number
}

/** A `waybill relay` as a process of its own, and its HTTP endpoint. */
export class Daemon {
  readonly #child: ChildProcess
  readonly #port: number
  /** When it ended, with all that it wrote. */
  readonly ended: Promise<Ended>

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.#port = port
    this.ended = output(child)
  }

  static async start(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Daemon> {
    const [port = 0] = await freePorts(1)
    return new Daemon(spawned(['relay', '--listen', `127.0.0.1:${port}`, ...args], env), port)
  }

  /** SIGSTOP and SIGCONT: a process that stands still and does not know it. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(name)
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<Ended> {
    this.#child.kill(signal)
    return this.ended
  }

  async ready(): Promise<Ready> {
    const answer = await this.#get('/ready')
    return { status: answer.status, ...((await answer.json()) as Omit<Ready, 'status'>) }
  }

  /** Waits until `/ready` answers as asked. */
  readyWhen(what: string, holds: (ready: Ready) => boolean): Promise<Ready> {
    const look = async (): Promise<Ready | undefined> => {
      const ready = await this.ready()
      return holds(ready) ? ready : undefined
    }
    return until(look, { what, deadlineMs })
  }

  async live(): Promise<boolean> {
    return (await this.#get('/live')).ok
  }

  /** Samples by their whole name, labels included. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const text = await (await this.#get('/metrics')).text()
    const samples = text.matchAll(/^([a-z_]+(?:\{[^}]*\})?) (\S+)$/gm)
    return new Map([...samples].map(([, name = '', value]) => [name, Number(value)] as const))
  }

  #get(path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.#port}${path}`, { signal: AbortSignal.timeout(10_000) })
  }
}
