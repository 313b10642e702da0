/** A fault and the number of committed flights at which it strikes. */
export type Fault =
  /** kill -9 of the relay, `afterMs` after it was seen at work; repeated until it hits an open flight. */
  | { readonly kind: 'kill-relay'; readonly at: number; readonly afterMs: number }
  /** kill -9 of the consumers (waybill's, and the naive one where it runs) while a handler runs; repeated until it hits one. */
  | { readonly kind: 'kill-consumer'; readonly at: number }
  /** The broker executes a produce request and never answers it. */
  | { readonly kind: 'drop-response'; readonly at: number }
  /** kill -9 of the broker; it comes back on its files after `downMs`. */
  | { readonly kind: 'kill-broker'; readonly at: number; readonly downMs: number }
  /** The broker's machine loses power: what was not flushed is gone. */
  | { readonly kind: 'power-loss'; readonly at: number }
  /** The broker's disk is full for `forMs`. */
  | { readonly kind: 'full-disk'; readonly at: number; readonly forMs: number }

/** What a schedule depends on. */
export interface ScheduleSettings {
  readonly seed: number
  /** Flights that will be committed. */
  readonly count: number
  readonly faults: boolean
  readonly powerLoss: boolean
  readonly fullDisk: boolean
}

/** Relay kills that must hit. */
export const killCount = 5
/** Kills of each consumer that must hit. */
export const consumerKillCount = 2
/** Produce responses that are dropped. */
export const dropCount = 20

/**
 * The faults of a run in the order in which they strike: a pure function of its settings, so the same seed is the same
 * schedule. All strike between 5 % and 90 % of the flights, so that there is work before and after.
 */
export function schedule(settings: ScheduleSettings): readonly Fault[] {
  const random = seeded(settings.seed)
  const between = (low: number, high: number): number => low + random() * (high - low)
  const at = (low: number, high: number): number => Math.max(1, Math.round(between(low, high) * settings.count))
  const faults: Fault[] = []
  if (settings.faults) {
    const slot = 0.8 / killCount
    for (let i = 0; i < killCount; i++) {
      const start = 0.06 + i * slot
      faults.push({ kind: 'kill-relay', at: at(start, start + slot * 0.7), afterMs: Math.round(between(0, 4)) })
    }
    for (let i = 0; i < dropCount; i++) faults.push({ kind: 'drop-response', at: at(0.05, 0.9) })
    faults.push({ kind: 'kill-broker', at: at(0.35, 0.65), downMs: Math.round(between(1_500, 2_500)) })
    for (let i = 0; i < consumerKillCount; i++)
      faults.push({ kind: 'kill-consumer', at: at(0.2 + i * 0.4, 0.35 + i * 0.4) })
  }
  if (settings.fullDisk) faults.push({ kind: 'full-disk', at: at(0.2, 0.7), forMs: Math.round(between(1_500, 2_500)) })
  if (settings.powerLoss) faults.push({ kind: 'power-loss', at: at(0.45, 0.8) })
  return faults.sort((a, b) => a.at - b.at)
}

/** mulberry32: a small generator with 32 bits of state, enough to spread faults. Numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
