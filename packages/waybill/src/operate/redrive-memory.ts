import { crc32 } from '../model/checksum.js'
import { OffsetRuns } from '../model/offset-runs.js'
import { parseMetadata } from '../model/progress.js'
import { writeMetadata } from '../model/progress-metadata.js'
import type { CommittedOffset } from '../ports/group.js'

/** Kafka's default for `offset.metadata.max.bytes`. */
const bytesMax = 4096
const mark = 'wr1.'

/**
 * A letter that is about to be sent back, written down before the first try: whoever finds it knows where its copy would lie and
 * under which producer identity a repeat is no second record.
 */
export interface Intent {
  /** Offset of the letter in its partition of the dead-letter topic. */
  readonly letter: number
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  /** The copy can only lie here or above. */
  readonly fromOffset: number
  readonly producerId: number
  readonly sequence: number
  readonly stampMs: number
}

/**
 * What became of the letters of one partition, as the group `<group>.redrive` keeps it: the committed offset and, in its
 * metadata, what was sent back above it and at most one intent. One commit changes both, so that there is no moment in which
 * a letter is neither.
 */
export class RedriveMemory {
  readonly #place: string
  readonly #done: OffsetRuns
  intent: Intent | undefined

  private constructor(place: string, position: number) {
    this.#place = place
    this.#done = new OffsetRuns(position)
  }

  /** `logStart`: letters below are gone; nothing of them need be kept. `undefined` for text of others: nobody knows what was sent. */
  static read(
    committed: Pick<CommittedOffset, 'offset' | 'metadata'> | undefined,
    place: string,
    logStart: number,
  ): RedriveMemory | undefined {
    const memory = new RedriveMemory(place, Math.max(committed?.offset ?? 0, logStart))
    if (committed === undefined) return memory
    const [progress = '', intent] = committed.metadata.split(' ')
    const known = parseMetadata(progress, committed.offset, place)
    if (known === undefined) return undefined
    for (const [from, to] of known.runs) if (to > memory.position) memory.#done.add(Math.max(from, memory.position), to)
    memory.intent = intent === undefined ? undefined : parseIntent(intent, place)
    return intent !== undefined && memory.intent === undefined ? undefined : memory
  }

  /** Everything below was sent back or is gone. */
  get position(): number {
    return this.#done.position
  }

  /** Whether this letter was sent back. */
  has(offset: number): boolean {
    return this.#done.has(offset)
  }

  /** The letter was sent back; the intent for it is over. */
  sent(offset: number): void {
    this.#done.add(offset, offset + 1)
    if (this.intent?.letter === offset) this.intent = undefined
  }

  /** Text for the commit of `position`; `undefined` when it would be longer than Kafka takes. */
  metadata(): string | undefined {
    const { position, end, varintBytes } = this.#done
    const content = { committed: position, end, varintBytes, leaderEpoch: -1, runs: this.#done.above() }
    const text = writeMetadata(content, this.#place)
    const whole = this.intent ? `${text} ${writeIntent(this.intent, this.#place)}` : text
    return Buffer.byteLength(whole) > bytesMax ? undefined : whole
  }
}

function writeIntent(intent: Intent, place: string): string {
  const { letter, topic, topicId, partition, fromOffset, producerId, sequence, stampMs } = intent
  const body = JSON.stringify([letter, topic, topicId, partition, fromOffset, producerId, sequence, stampMs])
  return `${mark}${crc(body, place)}.${Buffer.from(body).toString('base64url')}`
}

function parseIntent(text: string, place: string): Intent | undefined {
  const [, sum, encoded = ''] = /^wr1\.([0-9a-f]{8})\.([\w-]+)$/.exec(text) ?? []
  const body = Buffer.from(encoded, 'base64url').toString()
  if (sum === undefined || sum !== crc(body, place)) return undefined
  const [letter, topic, topicId, partition, fromOffset, producerId, sequence, stampMs] = JSON.parse(body) as [
    ...[number, string, string, number],
    ...[number, number, number, number],
  ]
  return { letter, topic, topicId, partition, fromOffset, producerId, sequence, stampMs }
}

function crc(body: string, place: string): string {
  return crc32(Buffer.from(`${place} ${body}`))
    .toString(16)
    .padStart(8, '0')
}
