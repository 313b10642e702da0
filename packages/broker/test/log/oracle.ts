/** ProducerStateEntry.NUM_BATCHES_TO_RETAIN; written down again on purpose. */
const BATCHES_KEPT = 5

/** A batch as the oracle remembers it; `bytes` as sent. */
export interface OracleBatch {
  base: number
  last: number
  producer: number
  epoch: number
  first: number
  lastSequence: number
  timestamp: number
  leaderEpoch: number
  bytes: Buffer
}

interface Known {
  epoch: number
  lastTimestamp: number
  kept: OracleBatch[]
}

/** What the oracle is told of the configuration. */
export interface OracleConfig {
  flushMessages: number
  segmentBytes: number
  retentionBytes: number
  producerIdExpirationMs: number
}

/**
 * An independent, slow and obvious model of one partition: a plain array of batches, no files. It says what every append
 * must answer and what must be there after every restart, crash and power loss.
 */
export class Oracle {
  readonly config: OracleConfig
  /** Every batch that was appended and not lost, deleted ones included. */
  history: OracleBatch[] = []
  known: Map<number, Known> = new Map()
  segments: { base: number; size: number }[] = [{ base: 0, size: 0 }]
  start = 0
  end = 0
  flushed = 0

  constructor(config: OracleConfig) {
    this.config = config
  }

  append(batch: Omit<OracleBatch, 'base' | 'last'>, count: number): string {
    const refused = this.#judge(batch)
    if (refused !== undefined) return refused
    this.#makeRoom(batch.bytes.length)
    const stored: OracleBatch = { ...batch, base: this.end, last: this.end + count - 1 }
    this.history.push(stored)
    this.end += count
    if (batch.producer >= 0) this.#remember(stored)
    if (this.end - this.flushed >= this.config.flushMessages) this.flushed = this.end
    return `appended ${stored.base}-${stored.last}`
  }

  flush(): void {
    this.flushed = this.end
  }

  expire(nowMs: number): void {
    for (const [id, known] of this.known) {
      if (nowMs - known.lastTimestamp >= this.config.producerIdExpirationMs) this.known.delete(id)
    }
  }

  deleteRecords(before: number): void {
    this.start = Math.max(this.start, before)
  }

  retain(): void {
    while ((this.segments[1]?.base ?? Number.POSITIVE_INFINITY) <= this.start) this.segments.shift()
    let excess = this.segments.reduce((total, segment) => total + segment.size, 0) - this.config.retentionBytes
    for (let first = this.segments[0]; first !== undefined && excess >= first.size; first = this.segments[0]) {
      if (first.size === 0) break
      if (this.segments.length === 1) this.#roll()
      excess -= first.size
      this.segments.shift()
    }
    this.start = Math.max(this.start, this.segments[0]?.base ?? 0)
  }

  closeAndOpen(nowMs: number): void {
    this.flushed = this.end
    this.#reopened(nowMs)
  }

  /** Nothing is lost; producers without a readable record may or may not be known afterwards: see `adopt`. */
  crashAndOpen(nowMs: number): void {
    this.known = this.#fromRecords()
    this.#reopened(nowMs)
  }

  losePowerAndOpen(nowMs: number): void {
    this.history = this.history.filter((batch) => batch.base < this.flushed)
    this.end = this.flushed
    this.segments = this.segments.filter(({ base }) => base <= this.flushed)
    const active = this.segments.at(-1)
    if (active !== undefined) active.size = sum(this.history.filter((batch) => batch.base >= active.base))
    this.known = this.#fromRecords()
    if (this.end < this.start) {
      this.end = this.flushed = this.start
      this.segments = [{ base: this.start, size: 0 }]
      this.history = []
    }
    this.#reopened(nowMs)
  }

  /** The newest remaining batch of a producer, readable or deleted. */
  lastOf(producer: number): OracleBatch | undefined {
    return this.history.findLast((batch) => batch.producer === producer)
  }

  /** Takes over that the log still knows a producer none of whose records can be read any more. */
  adopt(producer: number): void {
    const last = this.lastOf(producer)
    if (last !== undefined) this.#remember(last)
  }

  /** Where an epoch ends by the batches alone. */
  endOfEpoch(epoch: number): number {
    const latest = this.history.at(-1)?.leaderEpoch
    if (latest === undefined || epoch > latest) return -1
    const next = this.history.find((batch) => batch.leaderEpoch > epoch)
    return next === undefined ? this.end : Math.max(next.base, this.start)
  }

  #judge(batch: Omit<OracleBatch, 'base' | 'last'>): string | undefined {
    const known = this.known.get(batch.producer)
    if (known === undefined) return undefined
    const { epoch, first, lastSequence } = batch
    const same = known.kept.find((k) => k.epoch === epoch && k.first === first && k.lastSequence === lastSequence)
    if (same !== undefined) return `duplicate ${same.base}-${same.last}`
    if (epoch < known.epoch) return 'rejected 47'
    const expected = epoch > known.epoch ? 0 : ((known.kept.at(-1)?.lastSequence ?? -1) + 1) % 2 ** 31
    return first === expected ? undefined : 'rejected 45'
  }

  #remember(batch: OracleBatch): void {
    const { epoch, timestamp } = batch
    const before = this.known.get(batch.producer)
    const kept = before?.epoch === epoch ? [...before.kept, batch].slice(-BATCHES_KEPT) : [batch]
    this.known.set(batch.producer, { epoch, lastTimestamp: timestamp, kept })
  }

  #makeRoom(bytes: number): void {
    const active = this.segments.at(-1)
    if (active === undefined) throw new Error('no segment')
    if (active.size > 0 && active.size + bytes > this.config.segmentBytes) this.#roll().size = bytes
    else active.size += bytes
  }

  #roll(): { base: number; size: number } {
    const segment = { base: this.end, size: 0 }
    this.flushed = this.end
    this.segments.push(segment)
    return segment
  }

  /** Each producer as its last readable batch says. */
  #fromRecords(): Map<number, Known> {
    const found = new Map<number, Known>()
    for (const batch of this.history) {
      if (batch.producer < 0 || batch.last < this.start) continue
      found.set(batch.producer, { epoch: batch.epoch, lastTimestamp: batch.timestamp, kept: [batch] })
    }
    return found
  }

  #reopened(nowMs: number): void {
    if (this.start >= this.end) this.known.clear()
    for (const known of this.known.values()) known.kept = known.kept.slice(-1)
    this.expire(nowMs)
  }
}

function sum(batches: readonly OracleBatch[]): number {
  return batches.reduce((total, batch) => total + batch.bytes.length, 0)
}
