import { execFile } from 'node:child_process'
import { appendFile, chmod, chown, cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client, type QueryResultRow } from 'pg'
import { logTail, type Owner, ServerProcess } from './child-process.js'
import { freePorts } from './free-ports.js'
import { postgresPrograms, runProgram, serverOwner } from './postgres-programs.js'
import { freezeFamily, gone, killFamily, thawFamily } from './process-family.js'
import { until } from './until.js'

/** Milliseconds a server has to accept connections, recovery after a kill included; 0.2 s on an idle machine. */
export const postgresReadyDeadlineMs = 60_000
const endDeadlineMs = 60_000
const superuser = 'postgres'

/** What `startPostgres` takes. */
export interface PostgresOptions {
  /** Settings of postgresql.conf; they win over the lab's own. `fsync` and `synchronous_commit` stay at their safe defaults unless set here. */
  readonly settings?: Readonly<Record<string, string>>
  /** Where data and log go, created if need be; a new temporary folder unless told. Removed at the end. Root's must be below folders that everybody may enter. */
  readonly folder?: string
  /** Milliseconds to accept connections; 60000 unless told. */
  readonly deadlineMs?: number
}

/**
 * Starts a real PostgreSQL in a temporary folder on a free loopback port and waits until it accepts connections: 1.5 s, most of it
 * initdb. Everybody on this machine may connect as superuser `postgres` without a password (trust on loopback, no Unix socket).
 * Run by root it runs as the system user `postgres`, whose the data folder then is. Fails with the tail of the server's log;
 * the log stays then, the process does not. Nothing outlives this Node process, not even its kill -9 (see ServerProcess).
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  return PostgresServer.start(options, async ({ programs, dataFolder, owner }) => {
    const args = ['-D', dataFolder, '-U', superuser, '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync']
    await runProgram(join(programs, 'initdb'), args, owner)
  })
}

interface Place {
  readonly programs: string
  readonly folder: string
  readonly dataFolder: string
  readonly logFile: string
  readonly owner: Owner | undefined
  readonly port: number
}

/**
 * One real PostgreSQL server: a postmaster of ours and its backends, with a port and a data folder that stay the same over
 * restarts. What is done to it is done to its processes.
 */
export class PostgresServer implements AsyncDisposable {
  readonly port: number
  /** Data and log. */
  readonly folder: string
  readonly logFile: string
  readonly #place: Place
  readonly #standbys: PostgresServer[] = []
  #process: ServerProcess | undefined
  #isEndExpected = true

  private constructor(place: Place) {
    this.#place = place
    this.port = place.port
    this.folder = place.folder
    this.logFile = place.logFile
  }

  /** Internal: `fill` makes the data folder. Use `startPostgres` or `standby`. */
  static async start(options: PostgresOptions, fill: (place: Place) => Promise<void>): Promise<PostgresServer> {
    const place = await newPlace(options.folder)
    const server = new PostgresServer(place)
    try {
      await fill(place)
      await appendFile(join(place.dataFolder, 'postgresql.conf'), settingsText(options.settings ?? {}))
      await server.launch()
      await server.ready(options.deadlineMs)
      return server
    } catch (error) {
      await server.close({ keepLogs: true })
      throw error
    }
  }

  /** `postgresql://postgres@127.0.0.1:<port>/postgres` */
  get url(): string {
    return this.urlOf('postgres')
  }

  /** The connection URL of a database of this server. */
  urlOf(database: string): string {
    return `postgresql://${superuser}@127.0.0.1:${this.port}/${encodeURIComponent(database)}`
  }

  /** The postmaster's process id; undefined while the server is down. */
  get pid(): number | undefined {
    return this.#process?.isRunning ? this.#process.pid : undefined
  }

  /** Whether the server ended without being told to. */
  get hasCrashed(): boolean {
    return !this.#isEndExpected && this.#process?.hasCrashed === true
  }

  /** Runs one statement on a connection of its own, in the database `postgres` unless told, and resolves to its rows. */
  async query<Row extends QueryResultRow>(
    text: string,
    values: readonly unknown[] = [],
    database = 'postgres',
  ): Promise<Row[]> {
    const client = new Client({ connectionString: this.urlOf(database), connectionTimeoutMillis: 10_000 })
    client.on('error', () => {}) // the query fails with it; unheard it would end the process
    try {
      await client.connect()
      return (await client.query<Row>(text, [...values])).rows
    } finally {
      await client.end().catch(() => undefined)
    }
  }

  /** Creates an empty database and resolves to its connection URL. */
  async createDatabase(name: string): Promise<string> {
    await this.query(`CREATE DATABASE "${name.replaceAll('"', '""')}"`)
    return this.urlOf(name)
  }

  /** Starts the postmaster and returns without waiting until it accepts connections. */
  async launch(): Promise<void> {
    if (this.pid !== undefined) throw new Error(`PostgreSQL already runs as process ${this.pid}`)
    const { programs, dataFolder, logFile, owner, port } = this.#place
    // On the command line, not in the data folder: a backup or a standby of this server gets a port of its own.
    const here = { port: String(port), listen_addresses: '127.0.0.1', unix_socket_directories: '' }
    const args = ['-D', dataFolder, ...Object.entries(here).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
    this.#isEndExpected = false
    const command = { program: join(programs, 'postgres'), args, logFile }
    this.#process = await ServerProcess.start({ ...command, ...(owner && { owner }) })
  }

  /** Waits until the server accepts connections. Fails at the deadline, or at once when it ended, with the tail of its log. */
  async ready(deadlineMs: number = postgresReadyDeadlineMs): Promise<void> {
    const wait = {
      what: `PostgreSQL on port ${this.port} to accept connections`,
      deadlineMs,
      everyMs: 50,
      giveUp: () => {
        if (this.pid === undefined) throw new Error('PostgreSQL ended before it was ready')
      },
    }
    try {
      await until(() => this.query('SELECT 1'), wait)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new Error(`${reason}\n--- ${this.logFile}\n${logTail(this.logFile)}`, { cause: error })
    }
  }

  /** SIGKILL for the postmaster and all backends, as a power cut of the processes: what they wrote stays in the page cache. */
  async kill(): Promise<void> {
    const { pid } = this
    if (pid === undefined || this.#process === undefined) return
    this.#isEndExpected = true
    const backends = killFamily(pid)
    await this.#process.ended
    // A new postmaster refuses to start as long as an old backend still holds the shared memory.
    await gone(backends, endDeadlineMs)
  }

  /** SIGSTOP for the postmaster and all backends: connections stay and nothing is answered; new ones hang. */
  pause(): void {
    if (this.pid !== undefined) freezeFamily(this.pid)
  }

  /** SIGCONT after a pause. */
  resume(): void {
    if (this.pid !== undefined) thawFamily(this.pid)
  }

  /** Fast shutdown (SIGINT): open transactions are rolled back, connections closed, a checkpoint written. After 60 s killed, and the call fails. */
  async stop(): Promise<void> {
    const { pid } = this
    if (await this.#end('SIGINT')) return
    await this.kill()
    throw new Error(`PostgreSQL (process ${pid}) did not stop within ${endDeadlineMs} ms, so it was killed`)
  }

  /** Starts the server again with the same data and port, after a fast shutdown if it still runs, and waits until it is ready. */
  async restart(deadlineMs?: number): Promise<void> {
    if (this.pid !== undefined) await this.stop()
    await this.launch()
    await this.ready(deadlineMs)
  }

  /**
   * A physical copy of the running server (pg_basebackup, with the log it needs to be consistent) in this folder, which must be
   * empty or absent. Its state is that of the copy's end.
   */
  async backup(folder: string): Promise<void> {
    await this.#copyTo(folder, [])
  }

  /**
   * Puts a backup in the place of the data and starts from it, on the same port: what was committed after the backup is gone,
   * sequences rewound. A running server is killed first. The backup stays as it is.
   */
  async restoreFrom(folder: string): Promise<void> {
    await this.kill()
    await this.#releaseSharedMemory()
    const { dataFolder, owner } = this.#place
    await rm(dataFolder, { recursive: true, force: true })
    await cp(folder, dataFolder, { recursive: true })
    await handOver(dataFolder, owner)
    await this.launch()
    await this.ready()
  }

  /** A streaming replica of this server on a port of its own: read-only until `promote()`. Ends with this server's `close()`. */
  async standby(options: PostgresOptions = {}): Promise<PostgresServer> {
    const standby = await PostgresServer.start(options, async ({ dataFolder, owner }) => {
      await this.#copyTo(dataFolder, ['--write-recovery-conf'])
      await handOver(dataFolder, owner)
    })
    this.#standbys.push(standby)
    return standby
  }

  /** Waits until this standby has replayed everything that the other server had written when asked. */
  async caughtUpWith(primary: PostgresServer, deadlineMs = 30_000): Promise<void> {
    const [position] = await primary.query<{ lsn: string }>('SELECT pg_current_wal_flush_lsn() AS lsn')
    const replayed = async (): Promise<boolean | undefined> => {
      const text = 'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS done'
      return (await this.query<{ done: boolean }>(text, [position?.lsn]))[0]?.done
    }
    await until(replayed, { what: `the standby on port ${this.port} to replay ${position?.lsn}`, deadlineMs })
  }

  /** Makes a standby a primary of its own (`pg_promote`); the old primary is not asked, and knows nothing. */
  async promote(): Promise<void> {
    const [answer] = await this.query<{ done: boolean }>('SELECT pg_promote(true, 60) AS done')
    if (answer?.done !== true) throw new Error(`the standby on port ${this.port} was not promoted within 60 s`)
  }

  /**
   * Ends this server and its standbys at once and removes the folder. Safe twice. The folder stays when the server ended without
   * being told to, when `keepLogs` says so, and when WAYBILL_LAB_KEEP is set: its name is printed.
   */
  async close({ keepLogs = false }: { keepLogs?: boolean } = {}): Promise<void> {
    await Promise.all(this.#standbys.map((standby) => standby.close({ keepLogs })))
    const { hasCrashed } = this
    // Immediate shutdown instead of a kill: it gives the shared memory back, too.
    if (!(await this.#end('SIGQUIT'))) await this.kill()
    await this.#releaseSharedMemory()
    if (keepLogs || hasCrashed || process.env['WAYBILL_LAB_KEEP']) {
      console.error(`kept PostgreSQL's data and log in ${this.folder}${hasCrashed ? '; it ended by itself' : ''}`)
      return
    }
    await rm(this.folder, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** As ourselves, also when we are root: the owner of the server may not enter the folder, we may read all. */
  async #copyTo(folder: string, more: readonly string[]): Promise<void> {
    const args = ['-d', this.url, '-D', folder, '-X', 'stream', '--checkpoint=fast', '--no-sync', ...more]
    await runProgram(join(this.#place.programs, 'pg_basebackup'), args)
  }

  /** Signals the postmaster and waits for its end; false when the deadline passed first. */
  async #end(signal: NodeJS.Signals): Promise<boolean> {
    const server = this.#process
    if (server === undefined || !server.isRunning) return true
    this.#isEndExpected = true
    this.resume() // a stopped process would not see the signal
    server.signal(signal)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), endDeadlineMs)))
    const isGone = await Promise.race([server.ended.then(() => true), late])
    clearTimeout(timer)
    return isGone
  }

  /** A killed postmaster leaves a small System V segment that the next start in the same folder would remove: here there is none. */
  async #releaseSharedMemory(): Promise<void> {
    const lock = await readFile(join(this.#place.dataFolder, 'postmaster.pid'), 'utf8').catch(() => '')
    const id = lock.split('\n')[6]?.trim().split(/\s+/)[1] // line 7: key and id
    // already gone, or no ipcrm on this system: nothing to do about it
    if (id !== undefined) await promisify(execFile)('ipcrm', ['-m', id]).catch(() => undefined)
  }
}

async function newPlace(wanted: string | undefined): Promise<Place> {
  const programs = postgresPrograms()
  const owner = serverOwner()
  const folder = wanted ?? (await mkdtemp(join(tmpdir(), 'waybill-postgres-')))
  const dataFolder = join(folder, 'data')
  await mkdir(dataFolder, { recursive: true, mode: 0o700 })
  if (owner !== undefined) {
    await chown(folder, owner.uid, owner.gid)
    await chown(dataFolder, owner.uid, owner.gid)
  }
  const [port] = await freePorts(1)
  if (port === undefined) throw new Error('internal error: freePorts(1) found none')
  return { programs, folder, dataFolder, logFile: join(folder, 'server.log'), owner, port }
}

/** Gives a data folder and all in it to its server, with the mode that PostgreSQL insists on. */
async function handOver(folder: string, owner: Owner | undefined): Promise<void> {
  await chmod(folder, 0o700)
  if (owner !== undefined) await runProgram('chown', ['-R', `${owner.uid}:${owner.gid}`, folder])
}

function settingsText(settings: Readonly<Record<string, string>>): string {
  const own = { max_connections: '200', log_line_prefix: '%m [%p] %a ' }
  const lines = Object.entries({ ...own, ...settings }).map(
    ([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`,
  )
  return `\n# the lab's\n${lines.join('\n')}\n`
}
