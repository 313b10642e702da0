// The board's independent checker: shares no code with waybill. It compares the effects with what the business committed.
import type { Flight } from './scene.js'

/** A row of the board. */
export interface Arrival {
  /** Order of commit. */
  readonly seq: number
  readonly number: number
  readonly origin: string
  readonly destination: string
  readonly delay: number
}

/** What was found on a board. */
export interface BoardFindings {
  /** Committed flights that have an effect. */
  readonly handled: number
  /** Committed flights without one. */
  readonly missing: readonly number[]
  /** Flights with more than one. */
  readonly doubled: readonly string[]
  /** Effects that come after one of a later flight from the same airport. */
  readonly reordered: readonly string[]
  /** Effects of flights that were never committed. */
  readonly phantoms: readonly string[]
  /** Effects that say something else than the business row. */
  readonly altered: readonly string[]
}

/** Compares the board (in commit order) with the committed flights. */
export function compareBoard(flights: readonly Flight[], arrivals: readonly Arrival[]): BoardFindings {
  const committed = new Map(flights.map((flight) => [flight.number, flight]))
  const first = new Map<number, Arrival>()
  const doubled = new Set<string>()
  for (const arrival of arrivals) {
    if (first.has(arrival.number)) doubled.add(nameOf(arrival))
    else first.set(arrival.number, arrival)
  }
  const effects = [...first.values()]
  return {
    handled: flights.filter(({ number }) => first.has(number)).length,
    missing: flights.flatMap(({ number }) => (first.has(number) ? [] : [number])),
    doubled: [...doubled],
    reordered: reorderedOf(effects),
    phantoms: effects.filter(({ number }) => !committed.has(number)).map(nameOf),
    altered: effects.filter((arrival) => isAltered(arrival, committed.get(arrival.number))).map(nameOf),
  }
}

/** Flight numbers rise with each commit of the airline, so those of an airport must rise on the board. */
function reorderedOf(effects: readonly Arrival[]): string[] {
  const newest = new Map<string, number>()
  const found: string[] = []
  for (const arrival of effects) {
    const before = newest.get(arrival.origin) ?? 0
    if (arrival.number < before) found.push(nameOf(arrival))
    newest.set(arrival.origin, Math.max(before, arrival.number))
  }
  return found
}

function isAltered(arrival: Arrival, flight: Flight | undefined): boolean {
  if (!flight) return false
  const { origin, destination, delay } = flight
  return arrival.origin !== origin || arrival.destination !== destination || arrival.delay !== delay
}

function nameOf({ number, origin }: Arrival): string {
  return `flight ${number} (${origin})`
}
