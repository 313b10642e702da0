import { causeText, WaybillError } from '../../model/errors.js'
import type { ListenHooks, OutboxStore } from '../../ports/outbox-store.js'
import type { Database } from './database.js'
import { timedOut, within } from './deadline.js'
import type { Listener } from './driver.js'

/**
 * At least this long from one NOTIFY to the next: a thousand sends a second cost fifty, not a thousand, commits. Who was woken
 * looks again after 2, 4, 10 and 30 ms by himself.
 */
const gapMs = 20
/**
 * Twice as long while there are more than two sends a millisecond: then a relay finds rows whenever it looks, which needs no
 * ring, and each NOTIFY takes its part of a machine that is busy [20 ms: 3 % of the business transactions' rate].
 */
const busy = { gapMs: 40, perMs: 2 }
/** How long a notification to oneself may take. */
const echoMs = 2_000
/** How often a connection that listens is tried: one whose other end is gone says nothing, for ever. */
const probeMs = 30_000
const retryMs = { first: 100, most: 10_000, pooler: 60_000 }

type Signals = Required<Pick<OutboxStore, 'announce' | 'listen'>> & {
  /** Waits for what is being announced. */
  close(): Promise<void>
}

/** The part of the store that wakes relays of other processes: NOTIFY, outside of every business transaction. */
export function signals(db: Database): Signals {
  const channel = `waybill_${(db.lockClass('rows') >>> 0).toString(16)}`
  let announced = 0
  let sending: Promise<void> | undefined
  const notify = async (payload: string): Promise<void> => {
    await db.rows('notify', channel, payload)
  }
  const send = async (): Promise<void> => {
    for (let pauseMs = gapMs; announced > 0 && !db.closed.aborted; ) {
      pauseMs = announced > pauseMs * busy.perMs ? busy.gapMs : gapMs
      announced = 0
      // Lost signals cost time only; a database that is gone is reported by those who need it.
      await notify('').catch(() => {})
      await db.clock.sleep(pauseMs, db.closed)
    }
    sending = undefined
  }
  return {
    announce() {
      announced++
      sending ??= send()
    },
    listen: (hooks, ended) => listen(db, channel, notify, hooks, AbortSignal.any([ended, db.closed])),
    async close() {
      await sending
    },
  }
}

async function listen(
  db: Database,
  channel: string,
  notify: (payload: string) => Promise<void>,
  hooks: ListenHooks,
  ended: AbortSignal,
): Promise<void> {
  const isOver = (): boolean => ended.aborted
  for (let pauseMs = retryMs.first; !isOver(); pauseMs = Math.min(retryMs.most, pauseMs * 2)) {
    const ear = new Ear(db, channel, hooks, ended)
    let cause = 'ended'
    try {
      await ear.open()
      await ear.echo(notify)
      pauseMs = retryMs.first
      hooks.state(true)
      // What was announced before we listened.
      hooks.woken()
      while (await ear.stays(probeMs)) await ear.echo(notify)
      cause = ear.lostBy
    } catch (error) {
      cause = causeText(error)
      if (error instanceof WaybillError && error.code === 'WB_OPTION_INVALID') pauseMs = retryMs.pooler
    }
    await ear.close()
    if (isOver()) return
    hooks.state(false, cause)
    await db.clock.sleep(pauseMs, ended)
  }
}

/** One connection that listens, until it is lost. */
class Ear {
  readonly #db: Database
  readonly #channel: string
  readonly #hooks: ListenHooks
  readonly #gone: AbortController
  readonly #ended: AbortSignal
  #listener: Listener | undefined
  #heard = new Map<string, () => void>()
  #echoes = 0
  lostBy = 'the connection ended'

  constructor(db: Database, channel: string, hooks: ListenHooks, ended: AbortSignal) {
    this.#db = db
    this.#channel = channel
    this.#hooks = hooks
    this.#ended = ended
    this.#gone = new AbortController()
  }

  async open(): Promise<void> {
    const { clock, deadlineMs, driver } = this.#db
    const opening = driver.listen(this.#channel, this.#db.sql('listen').replace('channel_name', `"${this.#channel}"`), {
      notified: (payload) => this.#notified(payload),
      lost: (cause) => {
        if (cause !== undefined) this.lostBy = causeText(cause)
        this.#gone.abort()
      },
    })
    const listener = await within(clock, clock.monotonicMs() + deadlineMs, opening)
    if (listener !== timedOut) {
      this.#listener = listener
      return
    }
    opening.then((late) => late.close()).catch(() => {})
    throw new WaybillError('WB_STORE_UNREACHABLE', `no connection to listen on within ${deadlineMs} ms`)
  }

  /**
   * Notifies itself and waits for it. A pooler in transaction mode takes the LISTEN, gives the connection to somebody else,
   * and nothing ever arrives (PgBouncer; no error is given).
   */
  async echo(notify: (payload: string) => Promise<void>): Promise<void> {
    const { clock } = this.#db
    const payload = `echo ${process.pid} ${++this.#echoes} ${clock.wallMs()}`
    const heard = new Promise<void>((resolve) => this.#heard.set(payload, resolve))
    await notify(payload)
    const first = await within(clock, clock.monotonicMs() + echoMs, heard)
    this.#heard.delete(payload)
    if (first === timedOut && !this.#ended.aborted)
      throw new WaybillError(
        'WB_OPTION_INVALID',
        `no notification came back within ${echoMs} ms of LISTEN: give the store a pool that connects to PostgreSQL directly, or through ` +
          'a pooler in session mode; until then relays poll',
      )
  }

  /** True after `ms`, false when the connection was lost or the end has come. */
  async stays(ms: number): Promise<boolean> {
    const over = AbortSignal.any([this.#gone.signal, this.#ended])
    await this.#db.clock.sleep(ms, over)
    return !over.aborted
  }

  async close(): Promise<void> {
    const { clock, deadlineMs } = this.#db
    const listener = this.#listener
    this.#listener = undefined
    if (!listener) return
    await within(
      clock,
      clock.monotonicMs() + deadlineMs,
      listener.close().catch(() => {}),
    )
  }

  #notified(payload: string): void {
    const heard = this.#heard.get(payload)
    if (heard) heard()
    else if (!payload.startsWith('echo ')) this.#hooks.woken()
  }
}
