import type { LaneState, Lease, OutboxStore } from '../../ports/outbox-store.js'
import type { SqliteConnection } from './connection.js'
import { numberOf } from './driver.js'
import { flightOf, holdOf, leaseOf, streamOf, waitingOf } from './rows.js'

type Leases = Pick<OutboxStore, 'heartbeat' | 'take' | 'release' | 'leave' | 'setProducerId'>

/** The part of the store that hands out lanes. */
export function leases(db: SqliteConnection): Leases {
  return {
    heartbeat: (owner, leaseMs) =>
      db.write('heartbeat', (nowMs) => {
        db.change('relays-forget', nowMs)
        db.change('relay-alive', owner, nowMs + leaseMs)
        const renewed = db.rows('lanes-renew', nowMs + leaseMs, owner, nowMs).map(leaseOf)
        const relays = numberOf(db.row('relays-count').n)
        return { nowMs, relays, leases: byLane(renewed), free: numberOf(db.row('lanes-free', nowMs).n) }
      }),
    take: (owner, count, leaseMs) =>
      db.write('take', (nowMs) => {
        // One conditional statement: of two relays that want the same lane, the second finds it taken.
        const taken = db.rows('lanes-take', owner, nowMs + leaseMs, nowMs, Math.max(0, count)).map(leaseOf)
        return byLane(taken).map((lease) => laneState(db, lease))
      }),
    release: (owner, held) =>
      db.write('release', () => {
        for (const lease of held) db.change('lane-release', lease.lane, owner, lease.fence)
      }),
    leave: (owner) =>
      db.write('leave', () => {
        db.change('relay-remove', owner)
        db.change('lanes-leave', owner)
      }),
    setProducerId: (lease, producerId) =>
      db.write('set producer id', () => db.change('lane-producer', producerId, lease.lane, lease.fence) === 1),
  }
}

/** RETURNING promises no order. */
function byLane(found: readonly Lease[]): readonly Lease[] {
  return found.toSorted((a, b) => a.lane - b.lane)
}

function laneState(db: SqliteConnection, lease: Lease): LaneState {
  const flights = db.rows('flights-of-lane', lease.lane).map(flightOf)
  const rowIds = flights.flatMap((flight) => flight.rowIds)
  return {
    lease,
    streams: db.rows('streams-of-lane', lease.lane).map(streamOf),
    flights,
    flightRows: rowIds.length === 0 ? [] : db.rows('rows-by-id', JSON.stringify(rowIds)).map(waitingOf),
    holds: db.rows('holds-of-lane', lease.lane).map(holdOf),
  }
}
