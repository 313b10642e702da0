import assert from 'node:assert/strict'
import type { DiscardedView, ParkedView, SentView } from 'waybill/testing'

type Row = Readonly<Record<string, unknown>>
type Waiting = Omit<ParkedView, 'reason' | 'attempts'>

/** A table's row as pg returns it, read apart from the store's own code. */
function waitingOf(row: Row): Waiting {
  const headers = row.headers
  assert(headers instanceof Buffer)
  return {
    id: Number(row.id),
    lane: Number(row.lane),
    messageId: String(row.message_id).replaceAll('-', ''),
    topic: String(row.topic),
    key: bytesOf(row.key),
    headers: [],
    value: bytesOf(row.value),
    createdAtMs: Number(row.created_at),
  }
}

function bytesOf(value: unknown): Uint8Array | null {
  if (value === null) return null
  assert(value instanceof Buffer)
  return Uint8Array.from(value)
}

export function sentOf(row: Row): SentView {
  return {
    ...waitingOf(row),
    partition: Number(row.partition),
    offset: Number(row.offset),
    incarnation: { producerId: Number(row.producer_id), producerEpoch: Number(row.producer_epoch) },
    sequence: Number(row.sequence),
    leaderEpoch: Number(row.leader_epoch),
  }
}

export function parkedOf(row: Row): ParkedView {
  return { ...waitingOf(row), reason: String(row.reason), attempts: Number(row.attempts) }
}

export function discardedOf(row: Row, columns: readonly string[]): DiscardedView {
  return {
    id: Number(row.id),
    messageId: String(row.message_id).replaceAll('-', ''),
    topic: String(row.topic),
    key: bytesOf(row.key),
    reason: String(row.reason),
    who: String(row.who),
    why: String(row.why),
    discardedAtMs: Number(row.discarded_at),
    columns,
  }
}
