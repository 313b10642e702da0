import type { RelayOptions } from 'waybill'
import type { Flight } from '../start/scene.js'

/** Everything goes through one small topic, so that flights of several lanes meet in a partition. */
export const topic = 'flights'
export const partitions = 2
export const deadTopic = 'flights.board.dead'
export const lanes = 8
export const source = 'airline'
export const group = 'board'
/** Keys, and so many flights a transaction; flight n has key n mod keys. */
export const keys = 10
export const perTransaction = 3
export const transactions = 20

/** Short times, so that a case takes seconds. */
export const relayOptions: Partial<RelayOptions> = {
  leaseMs: 700,
  // Several flights for each stream.
  batchRowsMax: 3,
  requestTimeoutMs: 1_500,
  // The embedded broker is one process: when a connection is gone, none of its requests is stuck anywhere.
  drainMs: 300,
  backoffMinMs: 10,
  backoffMaxMs: 200,
  rejectAfter: 3,
}

/** Broker settings for groups: a member that is silent for so long is out. */
export const sessionTimeoutMs = 1_500

/** Settings of the consuming workers: small fetches and frequent commits, so that there are many of both. */
export const consumeOptions = {
  workers: 4,
  batch: 8,
  fetchBytesMax: 900,
  fetchWaitMs: 100,
  commitMs: 30,
  rebalanceTimeoutMs: 3_000,
  drainMs: 1_000,
  backoffMinMs: 20,
  backoffMaxMs: 200,
} as const

/** Flights that no handler can handle where the case wants that: those of every other key. */
export function isPoison(number: number): boolean {
  return number % 2 === 0
}

/** Bytes that the topic takes while some messages are to be refused; the padding makes a message larger than that. */
export const smallMessageBytes = 2_000
const padding = 'x'.repeat(4_000)

/** Flight numbers that are too large for the topic where the case wants that: one each of every other key. */
export function isOversized(number: number): boolean {
  return number > keys && number <= 2 * keys && number % 2 === 0
}

/** The flight with this number; `oversized`: with padding where `isOversized`. */
export function flightOf(number: number, oversized: boolean): Flight {
  return {
    number,
    date: oversized && isOversized(number) ? padding : '2001-01-14',
    delay: number % 7,
    distance: 100 + number,
    origin: `K${number % keys}`,
    destination: 'SFO',
  }
}
