import type { StreamKey } from '../model/flight.js'

/** A partition, and the lane where a relay speaks. */
export interface Place {
  readonly topic: string
  readonly partition: number
  readonly lane?: number
}

/** What engines tell telemetry and displays. Facts that happened, never intentions. */
export type WaybillEvent =
  | { readonly kind: 'enqueued'; readonly count: number }
  | { readonly kind: 'lanes'; readonly owner: string; readonly held: readonly number[] }
  | { readonly kind: 'claimed'; readonly stream: StreamKey; readonly count: number }
  | { readonly kind: 'lane-lost'; readonly lane: number }
  | {
      readonly kind: 'acked'
      readonly stream: StreamKey
      readonly count: number
      readonly baseOffset: number
      /** From the produce request to its answer; absent for what was found by reading the topic back. */
      readonly tookMs?: number
      /** Per message, from its insert to now, by the database clock carried forward. */
      readonly waitedMs: readonly number[]
    }
  | { readonly kind: 'unanswered'; readonly stream: StreamKey; readonly cause: string }
  | { readonly kind: 'refused'; readonly stream: StreamKey; readonly code: string }
  | { readonly kind: 'resolved'; readonly stream: StreamKey; readonly outcome: 'found' | 'not-found' | 'unknown' }
  | { readonly kind: 'finding'; readonly finding: string; readonly stream: Place; readonly detail: string }
  | { readonly kind: 'assigned' | 'revoked' | 'lost'; readonly partitions: readonly Place[] }
  | {
      readonly kind: 'handled'
      readonly topic: string
      readonly partition: number
      readonly offset: number
      readonly already: boolean
    }
  | {
      readonly kind: 'handler-failed'
      readonly topic: string
      readonly partition: number
      readonly offset: number
      readonly attempt: number
      readonly cause: string
    }
  | {
      readonly kind: 'handler-stuck'
      readonly topic: string
      readonly partition: number
      readonly offset: number
      readonly runningMs: number
    }
  | {
      /** The receipt of its dead letter is there; the message counts as handled. */
      readonly kind: 'dead-lettered'
      readonly topic: string
      readonly partition: number
      readonly offset: number
      readonly receipt: { readonly topic: string; readonly partition: number; readonly offset: number }
    }
  | {
      /** Its key waits, and the letter is sent again. */
      readonly kind: 'dead-letter-failed'
      readonly topic: string
      readonly partition: number
      readonly offset: number
      readonly tries: number
      readonly cause: string
    }
  | {
      /** By policy `hold`: its key waits until the partition is assigned anew. */
      readonly kind: 'held'
      readonly topic: string
      readonly partition: number
      readonly offset: number
      readonly cause: string
    }
  | { readonly kind: 'committed'; readonly topic: string; readonly partition: number; readonly offset: number }
  | {
      /** By `seek`: what comes next is read from `to` on, whatever was committed before. */
      readonly kind: 'position-set'
      readonly topic: string
      readonly partition: number
      readonly from: number
      readonly to: number
    }
  | { readonly kind: 'kafka'; readonly reachable: boolean; readonly cause?: string }
  | { readonly kind: 'backlog'; readonly waiting: number; readonly oldestMs: number }

/** Receives events. Must not throw and must return at once. */
export interface Events {
  emit(event: WaybillEvent): void
}
