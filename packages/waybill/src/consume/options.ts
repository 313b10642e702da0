import { WaybillError } from '../model/errors.js'
import type { GroupProtocol } from '../ports/group.js'

/** Which messages must not be handled at the same time: those of one key, of one partition, or none. */
export type HandlingOrder = 'key' | 'partition' | 'none'

/** What becomes of a message that cannot be handled. */
export type FailurePolicy = 'stop' | 'dead-letter' | 'hold'

/** Settings of a consumer that are numbers or policies. Every time is in ms; defaults in `consumeDefaults`. */
export interface ConsumeSettings {
  /** Handlers running at once. 1 to 10 000. */
  readonly workers: number
  /** Fetching of a partition pauses while more of its messages than this wait for a handler. */
  readonly batch: number
  /** Messages of one partition that `handleBatch` gets at most. It gets what is there: it never waits for more. */
  readonly handleBatchMax: number
  readonly order: HandlingOrder
  /** Tries of one message before `onFailure`. */
  readonly maxAttempts: number
  readonly backoffMinMs: number
  readonly backoffMaxMs: number
  /** How often positions are committed. */
  readonly commitMs: number
  /** How long running handlers may finish on revoke and on stop. Must be below `rebalanceTimeoutMs`. */
  readonly drainMs: number
  /** How long the group waits for our revoke. */
  readonly rebalanceTimeoutMs: number
  /** KIP-848 (`consumer`), `classic` with the assignor cooperative-sticky, or what cluster and group offer. See the port. */
  readonly groupProtocol: GroupProtocol
  /** Classic protocol only: after this silence the group gives our partitions away. */
  readonly sessionTimeoutMs: number
  /** A handler running longer is reported, never ended. */
  readonly stuckAfterMs: number
  /** Bytes of all messages that wait or are being handled. */
  readonly bufferBytesMax: number
  readonly fetchBytesMax: number
  /** Long poll. */
  readonly fetchWaitMs: number
  /**
   * What follows when messages were lost to this group (retention overtook it, the log was truncated): `stop` after the
   * finding, or `continue` at the next offset there is.
   */
  readonly onLoss: 'stop' | 'continue'
  /** Age at which an inbox entry may be purged; never before the topics' own retention. Infinity: never. */
  readonly keepInboxMs: number
  /**
   * What follows when a message cannot be handled: the consumer stops before it; it goes to the dead-letter topic and counts
   * as handled with the receipt; or its key waits, visibly, until the partition is assigned anew.
   */
  readonly onFailure: FailurePolicy
  /** The consumer stops when more than this share of the newest 200 messages would be dead letters. 0 to 100; 100: never. */
  readonly brakePercent: number
}

/** The defaults. */
export const consumeDefaults: ConsumeSettings = {
  workers: 16,
  batch: 500,
  handleBatchMax: 100,
  order: 'key',
  maxAttempts: 5,
  backoffMinMs: 100,
  backoffMaxMs: 10_000,
  commitMs: 1_000,
  drainMs: 20_000,
  rebalanceTimeoutMs: 45_000,
  groupProtocol: 'auto',
  sessionTimeoutMs: 45_000,
  stuckAfterMs: 60_000,
  bufferBytesMax: 67_108_864,
  fetchBytesMax: 1_048_576,
  fetchWaitMs: 500,
  onLoss: 'stop',
  keepInboxMs: 604_800_000,
  onFailure: 'stop',
  brakePercent: 10,
}

const limits: Readonly<Partial<Record<keyof ConsumeSettings, readonly [min: number, max: number]>>> = {
  workers: [1, 10_000],
  batch: [1, 1_000_000],
  handleBatchMax: [1, 10_000],
  maxAttempts: [1, 1_000_000],
  commitMs: [1, 600_000],
  rebalanceTimeoutMs: [100, 3_600_000],
  sessionTimeoutMs: [1000, 1_800_000],
  brakePercent: [0, 100],
}

const choices: Readonly<Record<string, readonly string[]>> = {
  order: ['key', 'partition', 'none'],
  groupProtocol: ['auto', 'consumer', 'classic'],
  onLoss: ['stop', 'continue'],
  onFailure: ['stop', 'dead-letter', 'hold'],
}

/** The given settings over the defaults, checked. Throws WB_OPTION_INVALID naming the setting and the fix. */
export function consumeSettings(given: Partial<ConsumeSettings>): ConsumeSettings {
  const invalid = (what: string): never => {
    throw new WaybillError('WB_OPTION_INVALID', what)
  }
  const settings: ConsumeSettings = { ...consumeDefaults, ...given }
  for (const [name, value] of Object.entries(settings)) {
    if (!(name in consumeDefaults))
      invalid(`unknown consume option "${name}"; known: ${Object.keys(consumeDefaults).join(', ')}`)
    const expected = typeof consumeDefaults[name as keyof ConsumeSettings]
    if (typeof value !== expected) invalid(`consume option ${name} must be a ${expected}, not ${typeof value}`)
    if (typeof value === 'number' && !(value >= 0))
      invalid(`consume option ${name} is ${value}; it must not be negative`)
    const allowed = choices[name]
    if (allowed && !allowed.includes(String(value)))
      invalid(`consume option ${name} must be one of ${allowed.join(', ')}`)
  }
  for (const [name, [min, max]] of Object.entries(limits)) {
    const value = settings[name as keyof ConsumeSettings]
    if (typeof value === 'number' && (value < min || value > max))
      invalid(`consume option ${name} is ${value}; it must be from ${min} to ${max}`)
  }
  if (settings.drainMs >= settings.rebalanceTimeoutMs)
    invalid(`drainMs (${settings.drainMs}) must be less than rebalanceTimeoutMs (${settings.rebalanceTimeoutMs})`)
  if (settings.backoffMinMs > settings.backoffMaxMs) invalid('backoffMinMs must not exceed backoffMaxMs')
  return settings
}
