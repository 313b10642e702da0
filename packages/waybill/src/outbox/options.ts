import { WaybillError } from '../model/errors.js'

/** What happens to a message that Kafka refused definitely and repeatedly. */
export type RejectPolicy = 'hold-key' | 'park' | 'stop'

/** Settings of one relay. Every time is in ms; defaults in `relayDefaults`. */
export interface RelayOptions {
  /** Lifetime of a lease; a dead relay's lanes are taken over after it. 500 to 600 000. */
  readonly leaseMs: number
  /** No byte is handed to a socket later than the lease's end minus this. Less than half of `leaseMs`. */
  readonly leaseMarginMs: number
  /** Longest wait between two looks at the outbox when nothing signals. */
  readonly pollMs: number
  /** How long rows are expected after an enqueue before the sweep is trusted to find them. */
  readonly expectMs: number
  /** Pause between two sweeps through the whole outbox. */
  readonly sweepMs: number
  /** Rows of one batch. */
  readonly batchRowsMax: number
  /** Bytes of one batch; the topic's `max.message.bytes` binds when smaller. */
  readonly batchBytesMax: number
  /** Bytes of all batches of one produce request. */
  readonly requestBytesMax: number
  /** Rows buffered per stream, from which on its lane is not read; the last page may go over it. */
  readonly bufferRowsMax: number
  /** Bytes buffered per pipeline. */
  readonly bufferBytesMax: number
  /** How long the broker and we wait for a produce answer. */
  readonly requestTimeoutMs: number
  /** How long a request may still be stuck somewhere after its last attempt, before the topic is read back. */
  readonly drainMs: number
  readonly backoffMinMs: number
  readonly backoffMaxMs: number
  /** Age of the oldest waiting message that opens an alert. */
  readonly alertAfterMs: number
  /** Failed rounds of one flight that open an alert. */
  readonly alertAfterTries: number
  /** Definite rejections of one message before its policy applies. */
  readonly rejectAfter: number
  /** How long an unknown topic is taken for "not created yet" before it opens an alert. */
  readonly topicGraceMs: number
  /**
   * Relay pipelines: each has its own reader and its own connection per leader, so that one reads while another marks. On 2 cores
   * two moved a backlog of a million at 72 k/s where one reached 45; at 1,000 messages a second commit to consumer took a tenth
   * longer with two, and twice as long with four: each produce request is dear.
   */
  readonly pipelines: number
  /** A pipeline turn older than this is reported as stuck. */
  readonly stuckMs: number
  /** Most lanes this relay takes; default all of its share. */
  readonly lanesMax: number
  /**
   * What to do with a flight of which reading back cannot tell whether it is in the topic (its place was deleted):
   * `stop` the stream with an alert (nothing lost, nothing doubled), or `resend` (nothing lost, may double).
   */
  readonly unresolved: 'stop' | 'resend'
  /** How long sent rows are kept, and whether they may be dropped although nobody verified them. */
  readonly keepSentMs: number
  readonly dropUnverified: boolean
}

/** The defaults. Measured reasons stand in DESIGN.md. */
export const relayDefaults: RelayOptions = {
  leaseMs: 10_000,
  leaseMarginMs: 2_000,
  pollMs: 50,
  expectMs: 2_000,
  sweepMs: 5_000,
  batchRowsMax: 2_000,
  batchBytesMax: 1_048_576,
  requestBytesMax: 8_388_608,
  bufferRowsMax: 4_000,
  bufferBytesMax: 33_554_432,
  requestTimeoutMs: 10_000,
  drainMs: 60_000,
  backoffMinMs: 50,
  backoffMaxMs: 30_000,
  alertAfterMs: 30_000,
  alertAfterTries: 10,
  rejectAfter: 3,
  topicGraceMs: 60_000,
  pipelines: 2,
  stuckMs: 60_000,
  lanesMax: 65_536,
  unresolved: 'stop',
  keepSentMs: 86_400_000,
  dropUnverified: false,
}

const limits: Readonly<Partial<Record<keyof RelayOptions, readonly [min: number, max: number]>>> = {
  leaseMs: [500, 600_000],
  batchRowsMax: [1, 100_000],
  batchBytesMax: [1_024, 104_857_600],
  requestTimeoutMs: [100, 600_000],
  pipelines: [1, 64],
  rejectAfter: [1, 1_000],
  lanesMax: [1, 65_536],
}

/** The given settings over the defaults, checked. Throws WB_OPTION_INVALID naming the setting and the fix. */
export function relayOptions(given: Partial<RelayOptions>): RelayOptions {
  const invalid = (what: string): never => {
    throw new WaybillError('WB_OPTION_INVALID', what)
  }
  for (const [name, value] of Object.entries(given)) {
    if (!(name in relayDefaults))
      invalid(`unknown relay option "${name}"; known: ${Object.keys(relayDefaults).join(', ')}`)
    const expected = typeof relayDefaults[name as keyof RelayOptions]
    if (typeof value !== expected) invalid(`relay option ${name} must be a ${expected}, not ${typeof value}`)
    if (typeof value === 'number' && !(value >= 0)) invalid(`relay option ${name} is ${value}; it must not be negative`)
  }
  const options: RelayOptions = {
    ...relayDefaults,
    leaseMarginMs: (given.leaseMs ?? relayDefaults.leaseMs) / 5,
    ...given,
  }
  for (const [name, [min, max]] of Object.entries(limits)) {
    const value = options[name as keyof RelayOptions]
    if (typeof value === 'number' && (value < min || value > max))
      invalid(`relay option ${name} is ${value}; it must be from ${min} to ${max}`)
  }
  if (options.leaseMarginMs >= options.leaseMs / 2)
    invalid(`leaseMarginMs (${options.leaseMarginMs}) must be less than half of leaseMs (${options.leaseMs})`)
  if (options.backoffMinMs > options.backoffMaxMs) invalid('backoffMinMs must not exceed backoffMaxMs')
  return options
}
