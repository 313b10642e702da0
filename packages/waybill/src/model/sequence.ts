import { invariant } from './errors.js'
import { sameIncarnation } from './flight.js'
import type { Incarnation } from './flight.js'
import type { WaybillHeader } from './header.js'
import { advanceSequence, sequenceDistance } from './sequence-number.js'
import { readState, writeState } from './sequence-state.js'
import type { DetectorState, ProducerState } from './sequence-state.js'
import { advanced, found, stepOf } from './sequence-track.js'
import type { MissingSequences, Track } from './sequence-track.js'

export type { MissingSequences } from './sequence-track.js'

/**
 * Why offsets were not received as records. `control`: transaction markers, known to hold no producer's record, so they
 * explain nothing. All others may hide records: `aborted` (read_committed), `compacted`, `retention` (below the log start),
 * `skipped` (the reader itself jumped, or another reader was in charge), `unexplained` (nobody knows: a hole).
 */
export type UnreadReason = 'control' | 'aborted' | 'compacted' | 'retention' | 'skipped' | 'unexplained'

/** One record or one native batch, where it was found. */
export interface Sequenced {
  /** Names the numbering: `waybillProducer(header)` or `nativeProducer(producerId)`. */
  readonly producer: string
  readonly incarnation: Incarnation
  /** Of the first record. */
  readonly sequence: number
  /** Records; 1 by default. */
  readonly count?: number
  /** Of the first record; the others follow without a hole. */
  readonly offset: number
  /** The record has the header `waybill-heal`: re-sent on purpose, so a low sequence is no news. */
  readonly healed?: boolean
}

/** What one look at a record says. Sequences are those of the record's incarnation. */
export type Sighting = { readonly closed?: ClosedIncarnation } & (
  | { readonly kind: 'ok' | 're-read' | 'healed' | 'new-incarnation' }
  /** No producer sequence (not idempotent, or a control batch): nothing can be said. */
  | { readonly kind: 'unchecked' }
  /** Known from here on; nothing can be said of what came before. */
  | { readonly kind: 'first-sight' }
  /** Proof of loss: `lostAtLeast` of the missing ones cannot be in offsets that were not read. */
  | { readonly kind: 'gap'; readonly missing: MissingSequences; readonly lostAtLeast: number; readonly unread: Unread }
  /** Missing, but they may all be in offsets that were not read, for these reasons: unknown, not lost. */
  | { readonly kind: 'unread'; readonly missing: MissingSequences; readonly unread: Unread }
  /** The sequence was seen before, at a lower offset. */
  | { readonly kind: 'duplicate' }
  /** It comes after a later one of its producer, or after a later incarnation. */
  | { readonly kind: 'reordered' }
  /** An offset that was read before holds a newer record now: the log was truncated below it and written again. */
  | { readonly kind: 'overwritten' }
)

/** Offsets between two records of a producer that were not received. */
export interface Unread {
  readonly offsets: number
  readonly reasons: readonly UnreadReason[]
}

/** An incarnation that another one followed. Whether its end is missing, only the ledger can tell. */
export interface ClosedIncarnation {
  readonly incarnation: Incarnation
  /** Sequence after the last one seen. */
  readonly next: number
}

/** The numbering of waybill's header: one per source and lane. */
export function waybillProducer(header: Pick<WaybillHeader, 'source' | 'lane'>): string {
  return `${header.source}-${header.lane}`
}

/** The numbering of any idempotent producer, from its batches: `(producer id, epoch, base sequence)`. */
export function nativeProducer(producerId: number): string {
  return `#${producerId}`
}

const producersMaxDefault = 10_000
/** Earlier incarnations remembered per producer, so that a zombie's late record is known for what it is. */
const closedMax = 4

/**
 * Finds missing, doubled and reordered records of one partition from producer sequences. Pure: no clock, no I/O.
 *
 * The broker lets a producer's sequences into a partition only in order and starts each incarnation at 0. So a jump is
 * proof of loss at once, unless the missing records lie in offsets that this reader did not receive: it therefore counts
 * these (`passed`), and a jump is proof only where it is longer. Producers are independent of each other.
 *
 * Below `horizon` everything is a re-read and changes nothing. About 1 µs per record; memory is bounded by `producersMax`
 * (10,000 by default): beyond it the producers silent for longest are forgotten, and are first sights when they return.
 */
export class SequenceDetector {
  #state: DetectorState
  readonly #producersMax: number

  /** `from`: the first offset to be read; 0 when the whole log is read from its very beginning. */
  constructor(from: number, options: { readonly producersMax?: number } = {}) {
    invariant(Number.isSafeInteger(from) && from >= 0, 'detector-from', `from ${from}`)
    this.#producersMax = options.producersMax ?? producersMaxDefault
    this.#state = { base: from, horizon: from, unread: 0, lastUnread: {}, hasForgotten: false, producers: new Map() }
  }

  /** Next offset to be seen for the first time. */
  get horizon(): number {
    return this.#state.horizon
  }

  /** Producers known. */
  get producerCount(): number {
    return this.#state.producers.size
  }

  /** What is missing of a producer's current incarnation and has not come since; unread ranges included. */
  missing(producer: string): readonly MissingSequences[] {
    return this.#state.producers.get(producer)?.current.missing ?? []
  }

  /** Where a producer stands: what the ledger compares with its last acknowledged sequence. */
  position(producer: string): ClosedIncarnation | undefined {
    const current = this.#state.producers.get(producer)?.current
    return current && { incarnation: current.incarnation, next: current.next }
  }

  /** The offsets from the horizon up to and excluding `to` were not received, for this reason. */
  passed(to: number, reason: UnreadReason): void {
    const state = this.#state
    if (!(to > state.horizon)) return
    if (reason !== 'control') {
      state.unread += to - state.horizon
      state.lastUnread[reason] = to
    }
    state.horizon = to
  }

  /**
   * The log was truncated to `offset`: what was seen from there on exists no more. Producers seen there start with a first
   * sight again. Call it when OffsetForLeaderEpoch shows the truncation; `feed` calls it when a record does.
   */
  rewind(offset: number): void {
    const state = this.#state
    if (offset >= state.horizon) return
    for (const [name, { current }] of state.producers) if (current.lastOffset >= offset) state.producers.delete(name)
    state.base = offset
    state.horizon = offset
    state.hasForgotten = true
  }

  /** Looks at a record or a batch. Offsets between the horizon and it are `unexplained` unless `passed` was called. */
  feed(given: Sequenced): Sighting {
    const { count = 1 } = given
    const before = this.#state.horizon
    const end = given.offset + count
    if (given.sequence < 0 || given.incarnation.producerId < 0) {
      this.passed(given.offset, 'unexplained')
      this.passed(end, 'control')
      return { kind: 'unchecked' }
    }
    if (end <= before) return this.#again(given)
    this.passed(given.offset, 'unexplained')
    this.#state.horizon = end
    // A reader that starts inside a batch gets all of it: only the part above the horizon is new.
    const known = Math.max(0, before - given.offset)
    const sequence = advanceSequence(given.sequence, known)
    return this.#fresh({ ...given, sequence, count: count - known }, end - 1)
  }

  /**
   * The state as text, at most `bytesMax` bytes long: the producers silent for longest are left out when it would be longer
   * (they will be first sights); without any it may still be longer. `place` names the partition (topic id and number) and is bound in by a checksum.
   */
  export(place: string, bytesMax: number = Number.POSITIVE_INFINITY): string {
    return writeState(this.#state, place, bytesMax)
  }

  /** The detector whose state this text is; `undefined` for anything else: another place, version or tool, or damage. */
  static import(
    text: string,
    place: string,
    options: { readonly producersMax?: number } = {},
  ): SequenceDetector | undefined {
    const state = readState(text, place)
    if (!state) return undefined
    const detector = new SequenceDetector(state.base, options)
    detector.#state = state
    return detector
  }

  /** An offset below the horizon. In one log sequences rise with offsets, so a newer sequence there is a rewritten log. */
  #again(given: Sequenced): Sighting {
    const { base, unread, hasForgotten, producers } = this.#state
    const known = producers.get(given.producer)
    const track = known && trackOf(known, given.incarnation)
    const isNewer = track
      ? given.offset <= track.lastOffset && stepOf(track, given.sequence).kind !== 'behind'
      : given.offset >= base && unread === 0 && !hasForgotten
    if (!isNewer) return { kind: 're-read' }
    this.rewind(given.offset)
    this.feed(given)
    return { kind: 'overwritten' }
  }

  #fresh(seen: Required<Pick<Sequenced, 'count'>> & Sequenced, lastOffset: number): Sighting {
    const { producers, unread } = this.#state
    const place = { sequence: seen.sequence, count: seen.count, lastOffset, unread }
    const known = producers.get(seen.producer)
    if (!known) return this.#first(seen, place)
    const { current, closed } = known
    if (sameIncarnation(current.incarnation, seen.incarnation)) {
      const { track, sighting } = this.#step(current, seen, place)
      producers.set(seen.producer, { current: track, closed })
      return sighting
    }
    const late = closed.find((track) => sameIncarnation(track.incarnation, seen.incarnation))
    const isOlder =
      seen.incarnation.producerId === current.incarnation.producerId &&
      seen.incarnation.producerEpoch < current.incarnation.producerEpoch
    if (late || isOlder) return this.#late(seen, known, late)
    const opened: Track = { ...current, incarnation: seen.incarnation, next: 0, missing: [] }
    const { track, sighting } = this.#step(opened, seen, place)
    if (closed.length >= closedMax) this.#state.hasForgotten = true
    producers.set(seen.producer, { current: track, closed: [current, ...closed.slice(0, closedMax - 1)] })
    const begun: Sighting = sighting.kind === 'ok' ? { kind: 'new-incarnation' } : sighting
    return { ...begun, closed: { incarnation: current.incarnation, next: current.next } }
  }

  /** A first sight is a baseline; only where the log was read from its beginning, whole, must a waybill producer begin at 0. */
  #first(seen: Sequenced, place: Parameters<typeof advanced>[1]): Sighting {
    const { base, unread, hasForgotten, producers } = this.#state
    const { incarnation, sequence } = seen
    const isFromStart = base === 0 && unread === 0 && !hasForgotten && !seen.producer.startsWith('#')
    const track: Track = { incarnation, next: isFromStart ? 0 : sequence, lastOffset: base - 1, unread: 0, missing: [] }
    producers.set(seen.producer, { current: advanced(track, place), closed: [] })
    this.#forgetSome()
    if (!isFromStart || sequence === 0) return { kind: 'first-sight' }
    return this.#jump({ from: 0, count: sequence }, track)
  }

  #step(track: Track, seen: Sequenced, place: Parameters<typeof advanced>[1]): { track: Track; sighting: Sighting } {
    const step = stepOf(track, seen.sequence)
    if (step.kind === 'due') return { track: advanced(track, place), sighting: { kind: 'ok' } }
    if (step.kind === 'ahead') return { track: advanced(track, place), sighting: this.#jump(step.jumped, track) }
    const sighting: Sighting = seen.healed ? { kind: 'healed' } : { kind: step.wasMissing ? 'reordered' : 'duplicate' }
    const after = found(track, seen.sequence, place.count)
    // A batch that begins behind and reaches beyond: its rest is new.
    const behind = sequenceDistance(seen.sequence, track.next)
    if (behind >= place.count) return { track: after, sighting }
    const rest = { ...place, sequence: track.next, count: place.count - behind }
    return { track: advanced(after, rest), sighting }
  }

  #jump(missing: MissingSequences, track: Track): Sighting {
    const { unread, lastUnread } = this.#state
    const offsets = unread - track.unread
    const reasons = reasonsKnown.filter((reason) => (lastUnread[reason] ?? 0) > track.lastOffset + 1)
    const around = { offsets, reasons: offsets > 0 ? reasons : [] }
    if (offsets >= missing.count) return { kind: 'unread', missing, unread: around }
    return { kind: 'gap', missing, lostAtLeast: missing.count - offsets, unread: around }
  }

  /** A record of an incarnation that another one has followed: a zombie's, or a request that was stuck. */
  #late(seen: Sequenced & { readonly count: number }, known: ProducerState, late: Track | undefined): Sighting {
    if (!late) {
      // Not remembered, so a second reading of it must not look like a rewritten log.
      this.#state.hasForgotten = true
      return { kind: seen.healed ? 'healed' : 'reordered' }
    }
    const { track, sighting } = this.#step(late, seen, {
      ...{ sequence: seen.sequence, count: seen.count, unread: late.unread },
      lastOffset: late.lastOffset,
    })
    const closed = known.closed.map((one) => (one === late ? track : one))
    this.#state.producers.set(seen.producer, { current: known.current, closed })
    if (seen.healed) return { kind: 'healed' }
    return sighting.kind === 'duplicate' ? sighting : { kind: 'reordered' }
  }

  #forgetSome(): void {
    const { producers } = this.#state
    if (producers.size <= this.#producersMax) return
    // A tenth at once, so that the search is paid for rarely.
    const oldest = [...producers].sort(([, a], [, b]) => a.current.lastOffset - b.current.lastOffset)
    for (const [name] of oldest.slice(0, Math.ceil(this.#producersMax / 10))) producers.delete(name)
    this.#state.hasForgotten = true
  }
}

const reasonsKnown = ['aborted', 'compacted', 'retention', 'skipped', 'unexplained'] as const

function trackOf({ current, closed }: ProducerState, incarnation: Incarnation): Track | undefined {
  return [current, ...closed].find((track) => sameIncarnation(track.incarnation, incarnation))
}
