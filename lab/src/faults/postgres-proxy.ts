import { until } from '../cluster/until.js'
import { FrameReader, postgresFraming, startupFraming } from './frames.js'
import { type Link, TcpProxy } from './tcp-proxy.js'

// Codes in the place of the protocol version (PostgreSQL: src/include/libpq/pqcomm.h).
const cancelCode = 80877102
const encryptionCodes = [80877103, 80877104] // SSLRequest, GSSENCRequest
const commitText = /^\s*(commit|end)\b(?!\s+prepared)/i

/** Whether the server gets to see the message at which a connection is cut. */
export interface CutAtCommit {
  /**
   * true: the server executes it and the connection is cut instead of handing on the answer. false: it never gets there, and the
   * server rolls back. For the client both look the same.
   */
  readonly deliver: boolean
  /** How many commits, in the order they come; 1 unless told. */
  readonly count?: number
  /** Only connections with this application_name. */
  readonly client?: RegExp
}

/** As CutAtCommit, at the first message of the client that holds these bytes, or any of these texts. */
export interface CutAtBytes extends CutAtCommit {
  readonly bytes: string | Uint8Array | readonly string[]
}

/** A cut that waits for its message, and what has come of it. */
export class PostgresCut {
  /** Connections that were cut. */
  applied = 0
  readonly deliver: boolean
  readonly #fault: CutAtCommit
  readonly #isMeant: (message: Buffer, isCommit: boolean) => boolean
  #left: number

  constructor(fault: CutAtCommit, isMeant: (message: Buffer, isCommit: boolean) => boolean) {
    this.#fault = fault
    this.deliver = fault.deliver
    this.#left = fault.count ?? 1
    this.#isMeant = isMeant
  }

  /** Waits until so many connections were cut (all of its count unless told). Fails at the deadline, 30 s unless told. */
  async happened(count: number = this.#fault.count ?? 1, deadlineMs = 30_000): Promise<void> {
    const what = `${count} cut connections (${this.applied} so far)`
    await until(async () => this.applied >= count, { what, deadlineMs, everyMs: 5 })
  }

  /** Waits for no further message. */
  cancel(): void {
    this.#left = 0
  }

  /** Internal: takes this message if it is one of those the cut is for. */
  takes(link: Link, message: Buffer, isCommit: boolean): boolean {
    if (this.#left === 0 || this.#fault.client?.test(link.clientName ?? '') === false) return false
    if (!this.#isMeant(message, isCommit)) return false
    this.#left--
    return true
  }
}

/** What is known of a session: enough to tell which answer belongs to which message. */
interface Session {
  /** ReadyForQuery messages that the server owes for all that was passed on so far; the first is that of the start-up. */
  owed: number
  /** ReadyForQuery messages that came. */
  ready: number
  /** Prepared statements that commit, by name. */
  readonly commits: Set<string>
  /** The cut that waits for the server's answer, and the ReadyForQuery that ends it. */
  cut: { readonly rule: PostgresCut; readonly at: number } | undefined
}

/**
 * A proxy in front of a PostgreSQL server that can cut a connection at a COMMIT, before the server sees it or after it executed it:
 * the outcome is unknown to the client. Understands protocol 3 without encryption (it answers "no" to a request for TLS itself).
 * Faults of the network as a whole are TcpProxy's: `block`, `halfOpen`, `delay`, `refuse`, `cutConnections`.
 */
export class PostgresProxy extends TcpProxy {
  readonly #cuts: PostgresCut[] = []
  readonly #sessions = new WeakMap<Link, Session>()
  /** COMMIT messages that went to the server so far. */
  commits = 0

  /** Listens on a loopback port (a free one unless told) and relays to `targetPort`. */
  static async listen({ port, targetPort }: { port?: number; targetPort: number }): Promise<PostgresProxy> {
    const proxy = new PostgresProxy(await TcpProxy.portOr(port), targetPort)
    await proxy.accept()
    return proxy
  }

  /** The connection URL of a database, through this proxy. */
  urlOf(database = 'postgres'): string {
    return `postgresql://postgres@127.0.0.1:${this.port}/${encodeURIComponent(database)}`
  }

  /** Cuts the connection at the next COMMIT or END, sent as a simple query or as a (prepared) statement. */
  cutAtCommit(fault: CutAtCommit): PostgresCut {
    return this.#add(new PostgresCut(fault, (_, isCommit) => isCommit))
  }

  /** Cuts the connection at the next message of a client that holds these bytes, such as a table's or a kept statement's name. */
  cutAtBytes(fault: CutAtBytes): PostgresCut {
    const { bytes } = fault
    const texts = (typeof bytes === 'string' || bytes instanceof Uint8Array ? [bytes] : bytes).map((text) =>
      Buffer.from(text),
    )
    return this.#add(new PostgresCut(fault, (message) => texts.some((text) => message.includes(text))))
  }

  /** Takes back the network's faults and every cut that still waits. */
  override heal(): void {
    super.heal()
    for (const cut of this.#cuts) cut.cancel()
  }

  protected override async relayRequests(link: Link): Promise<void> {
    const frames = new FrameReader(link.client)
    const session: Session = { owed: 1, ready: 0, commits: new Set(), cut: undefined }
    this.#sessions.set(link, session)
    if (!(await this.#startUp(link, frames))) return
    for (let frame = await frames.next(postgresFraming); frame; frame = await frames.next(postgresFraming)) {
      const isCommit = commits(frame, session)
      const rule = session.cut ? undefined : this.#cuts.find((each) => each.takes(link, frame, isCommit))
      if (rule?.deliver === false) {
        link.cut()
        rule.applied++
        return
      }
      if (rule) session.cut = { rule, at: session.owed + 1 }
      if (isCommit) this.commits++
      if (asksReady(frame)) session.owed++
      await this.pass(link, 'to-server', frame)
    }
  }

  protected override async relayAnswers(link: Link): Promise<void> {
    const frames = new FrameReader(link.server)
    for (let frame = await frames.next(postgresFraming); frame; frame = await frames.next(postgresFraming)) {
      const session = this.#sessions.get(link)
      if (session?.cut && session.ready === session.cut.at - 1) {
        if (typeOf(frame) !== 'Z') continue // a part of the answer that gets lost
        link.isMute = true
        link.cut()
        session.cut.rule.applied++
        return
      }
      if (session && typeOf(frame) === 'Z') session.ready++
      await this.pass(link, 'to-client', frame)
    }
  }

  /** Relays the start-up; false when the connection is no session (a cancel request). */
  async #startUp(link: Link, frames: FrameReader): Promise<boolean> {
    for (let frame = await frames.next(startupFraming); frame; frame = await frames.next(startupFraming)) {
      const code = frame.readInt32BE(4)
      if (encryptionCodes.includes(code)) {
        await this.pass(link, 'to-client', Buffer.from('N'))
        continue
      }
      link.clientName = parameter(frame, 'application_name')
      await this.pass(link, 'to-server', frame)
      return code !== cancelCode
    }
    return false
  }

  #add(cut: PostgresCut): PostgresCut {
    this.#cuts.push(cut)
    return cut
  }
}

const typeOf = (frame: Buffer): string => String.fromCharCode(frame[0] ?? 0)

/** Simple query, Sync and function call are answered by exactly one ReadyForQuery each. */
const asksReady = (frame: Buffer): boolean => ['Q', 'S', 'F'].includes(typeOf(frame))

/** Whether this message commits: a simple query, or the Bind of a statement that was parsed before. */
function commits(frame: Buffer, session: Session): boolean {
  switch (typeOf(frame)) {
    case 'Q':
      return commitText.test(textAt(frame, 5))
    case 'P': {
      const name = textAt(frame, 5)
      const isCommit = commitText.test(textAt(frame, 5 + Buffer.byteLength(name) + 1))
      if (isCommit) session.commits.add(name)
      else session.commits.delete(name)
      return false
    }
    case 'B': {
      const portal = textAt(frame, 5)
      return session.commits.has(textAt(frame, 5 + Buffer.byteLength(portal) + 1))
    }
    default:
      return false
  }
}

/** A zero-terminated text. */
function textAt(frame: Buffer, start: number): string {
  const end = frame.indexOf(0, start)
  return frame.toString('utf8', start, end < 0 ? frame.length : end)
}

/** A parameter of the start-up message: names and values, each zero-terminated. */
function parameter(frame: Buffer, wanted: string): string | undefined {
  const words = frame.toString('utf8', 8).split('\0')
  const index = words.findIndex((word, at) => at % 2 === 0 && word === wanted)
  return index < 0 ? undefined : words[index + 1]
}
