// The consumer that is usually written: an ordinary client with its default auto-commit hands messages to a pool of workers.
// The client commits an offset when it has *fetched* the message, so a kill takes along what the pool had not handled yet.
import { Consumer } from '@platformatic/kafka'
import { fromSqlite } from 'waybill/sqlite'
import { arriving, openBoard } from './board.js'
import { fail, leave, tellParent } from './messages.js'
import { type Flight, naiveGroup, sessionTimeoutMs, topic, workers } from './scene.js'

/** The first argument, as JSON. */
export interface NaiveSettings {
  readonly board: string
  readonly brokers: readonly string[]
  /** As for waybill's consumer. */
  readonly slowEvery: number
}

const tellEveryMs = 100
/** Long enough for the restart of the broker. */
const retries = 100
const retryDelayMs = 100
const fetchWaitMs = 500
/** The same as waybill's default per partition. */
const waitingMax = 500

type Job = () => Promise<void>

/** At most `workers` jobs at once; at most `waitingMax` others wait in line, so that memory is not the difference. */
class Pool {
  readonly #waiting: Job[] = []
  #running = 0
  #room = (): void => undefined

  /** Jobs not yet done. */
  get size(): number {
    return this.#waiting.length + this.#running
  }

  /** Resolves when there is room for another one. */
  async add(job: Job): Promise<void> {
    this.#waiting.push(job)
    this.#next()
    if (this.#waiting.length >= waitingMax)
      await new Promise<void>((resolve) => {
        this.#room = resolve
      })
  }

  #next(): void {
    if (this.#running >= workers) return
    const job = this.#waiting.shift()
    if (this.#waiting.length < waitingMax) this.#room()
    if (!job) return
    this.#running++
    job().then(() => {
      this.#running--
      this.#next()
    }, fail)
  }
}

async function run({ board, brokers, slowEvery }: NaiveSettings): Promise<void> {
  const database = openBoard(board)
  const arrive = arriving(database, slowEvery)
  // Taken from waybill only to let transactions of one connection follow each other.
  const transactions = fromSqlite(database, { busyTimeoutMs: 60_000 })
  const pool = new Pool()
  const consumer = new Consumer({
    clientId: 'naive',
    groupId: naiveGroup,
    bootstrapBrokers: [...brokers],
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: sessionTimeoutMs,
    heartbeatInterval: sessionTimeoutMs / 4,
    retries,
    retryDelay: retryDelayMs,
  })
  tellParent({ kind: 'ready' })
  setInterval(() => tellParent({ kind: 'pool', size: pool.size }), tellEveryMs)
  for (;;) {
    try {
      const stream = await consumer.consume({
        topics: [topic],
        mode: 'committed',
        fallbackMode: 'earliest',
        autocommit: true,
        maxWaitTime: fetchWaitMs,
      })
      // The offset of a message is committed as soon as it is fetched: nobody asks the pool.
      for await (const { value } of stream)
        await pool.add(() => transactions.run(() => arrive(JSON.parse(String(value)) as Flight)))
    } catch (error) {
      // The stream ends when the broker goes away or the group moves; the pool lives on.
      console.error(error)
    }
  }
}

process.once('SIGTERM', () => leave({ kind: 'stopped' }, 0))
run(JSON.parse(process.argv[2] ?? '{}') as NaiveSettings).catch(fail)
