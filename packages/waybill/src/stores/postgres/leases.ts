import type { LaneState, Lease, OutboxStore } from '../../ports/outbox-store.js'
import type { Database, Transaction } from './database.js'
import { arrayOf, flightOf, holdOf, leaseOf, numberOf, streamOf, waitingOf } from './rows.js'

type Leases = Pick<OutboxStore, 'heartbeat' | 'take' | 'release' | 'leave' | 'setProducerId'>

/** The part of the store that hands out lanes. */
export function leases(db: Database): Leases {
  return {
    async heartbeat(owner, leaseMs) {
      const rows = await db.rows('heartbeat', owner, leaseMs)
      const [nowMs, relays, free] = rows[0] ?? []
      const renewed = rows.filter((row) => row[3] !== null).map((row) => leaseOf(row.slice(3)))
      // The statement counted free lanes before it renewed ours: it sees one snapshot, and ours were not free in it.
      return { nowMs: numberOf(nowMs), relays: numberOf(relays), leases: renewed, free: numberOf(free) }
    },
    take: (owner, count, leaseMs) =>
      db.transaction('take', async (tx) => {
        const taken = (await tx.rows('lanes-take', owner, leaseMs, Math.max(0, count))).map(leaseOf)
        return taken.length === 0
          ? []
          : laneStates(
              tx,
              taken.toSorted((a, b) => a.lane - b.lane),
            )
      }),
    async release(owner, held) {
      const lanes = arrayOf(held.map((lease) => lease.lane))
      await db.rows('lanes-release', owner, lanes, arrayOf(held.map((lease) => lease.fence)))
    },
    async leave(owner) {
      await db.rows('leave', owner)
    },
    async setProducerId(lease, producerId) {
      const changed = await db.rows('lane-producer', lease.lane, lease.fence, producerId)
      return changed.length === 1
    },
  }
}

async function laneStates(tx: Transaction, taken: readonly Lease[]): Promise<readonly LaneState[]> {
  const lanes = arrayOf(taken.map((lease) => lease.lane))
  const streams = (await tx.rows('streams-of-lanes', lanes)).map(streamOf)
  const flights = (await tx.rows('flights-of-lanes', lanes)).map(flightOf)
  const flightRows = flights.length === 0 ? [] : (await tx.rows('flight-rows', lanes)).map(waitingOf)
  const holds = (await tx.rows('holds-of-lanes', lanes)).map(holdOf)
  return taken.map((lease) => {
    const here = ({ lane }: { readonly lane: number }): boolean => lane === lease.lane
    return {
      lease,
      streams: streams.filter(here),
      flights: flights.filter(here),
      flightRows: flightRows.filter(here),
      holds: holds.filter(here),
    }
  })
}
