import type { Incarnation } from './flight.js'

/** Proof of one acknowledged message: where Kafka put it. */
export interface Receipt {
  readonly messageId: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly incarnation: Incarnation
  readonly sequence: number
  /** Database clock at the mark, ms. */
  readonly ackedAtMs: number
}
