import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { until } from '../../src/cluster/until.js'

const main = fileURLToPath(new URL('../../src/start/main.js', import.meta.url))

/** `npm start` as a child process, in a temporary folder of its own. */
export class StartProcess {
  /** What it uses as the system's temporary folder. */
  readonly temporary: string
  /** A folder for `--dir`. */
  readonly dir: string
  readonly #home: string
  readonly #child: ChildProcess
  readonly #ended: Promise<number | NodeJS.Signals>
  #output = ''

  private constructor(home: string, args: readonly string[]) {
    this.#home = home
    this.temporary = join(home, 'tmp')
    this.dir = dirIn(home)
    mkdirSync(this.temporary, { recursive: true })
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe']
    const child = spawn(process.execPath, [main, ...args], { stdio, env: { ...process.env, TMPDIR: this.temporary } })
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString()
      })
    this.#child = child
    this.#ended = new Promise((resolve) => {
      child.once('close', (code, signal) => resolve(code ?? signal ?? -1))
    })
  }

  /** Starts it; `home` from `homeFor` where `--dir` is used. Whatever is left of it goes when the test ends. */
  static start(t: TestContext, args: readonly string[], home: string = homeFor(t)): StartProcess {
    const started = new StartProcess(home, args)
    t.after(async () => {
      started.#child.kill('SIGKILL')
      await started.#ended
      await started.nothingRuns()
    })
    return started
  }

  get output(): string {
    return this.#output
  }

  get lastLine(): string {
    return this.#output.trimEnd().split('\n').at(-1) ?? ''
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** The exit code, or the signal that ended it. */
  async ended(deadlineMs: number): Promise<number | NodeJS.Signals> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`still running after ${deadlineMs} ms:\n${this.#output}`)), deadlineMs)
    })
    try {
      return await Promise.race([this.#ended, late])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Waits until the output matches. */
  async says(pattern: RegExp, deadlineMs = 30_000): Promise<void> {
    const giveUp = (): void => {
      if (this.#child.exitCode !== null) throw new Error(`ended without saying ${pattern}:\n${this.#output}`)
    }
    await until(async () => pattern.test(this.#output), { what: `output ${pattern}`, deadlineMs, everyMs: 20, giveUp })
  }

  /** Processes that have our folder in their command line: airline, relay, broker. */
  processes(): readonly string[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
      .map(commandLine)
      .filter((command) => command.includes(this.#home) && command.includes('node'))
  }

  /** Waits until no process of it runs and its temporary folder is empty. */
  async nothingRuns(): Promise<void> {
    // The hook of `homeFor` may have removed the folder already.
    const files = (): readonly string[] => (existsSync(this.temporary) ? readdirSync(this.temporary) : [])
    const left = (): readonly string[] => [...this.processes(), ...files()]
    await until(async () => left().length === 0, {
      what: `the end of ${left().join('; ')}`,
      deadlineMs: 10_000,
      everyMs: 20,
    })
  }
}

/** A folder that is removed when the test ends. */
export function homeFor(t: TestContext): string {
  const home = mkdtempSync(join(tmpdir(), 'waybill-start-test-'))
  t.after(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }))
  return home
}

/** The folder for `--dir` in a home. */
export function dirIn(home: string): string {
  return join(home, 'kept')
}

function commandLine(pid: string): string {
  const file = join('/proc', pid, 'cmdline')
  try {
    return existsSync(file) ? readFileSync(file, 'utf8').replaceAll('\0', ' ') : ''
  } catch {
    return '' // ended meanwhile
  }
}
