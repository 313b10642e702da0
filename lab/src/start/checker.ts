// The independent checker: shares no code with waybill. It compares what the business committed, what the outbox claims
// and what lies in the topic, each read on its own way.
import type { Flight } from './scene.js'
import type { TopicRecord } from './topic-reader.js'

/** A row of outbox_sent: what waybill claims about a message. */
export interface Receipt {
  /** 32 hex digits. */
  readonly messageId: string
  readonly partition: number
  readonly offset: number
}

/** What the database file says. */
export interface Books {
  /** Committed flights in commit order. */
  readonly flights: readonly Flight[]
  readonly receipts: readonly Receipt[]
  /** Messages in `outbox`: committed, not yet acknowledged. Their values. */
  readonly waiting: readonly string[]
  readonly parked: number
  readonly openFlights: number
}

/** Everything found, each with names that help to look into it. All lists but `lost` in a power loss must be empty. */
export interface Findings {
  readonly committed: number
  /** Committed flights that the topic holds. */
  readonly inTopic: number
  /** Records in the topic. */
  readonly records: number
  readonly receipts: number
  readonly waiting: number
  readonly parked: number
  /** Committed flights that are neither in the topic nor waiting. */
  readonly lost: readonly LostFlight[]
  /** Messages at a second offset. */
  readonly duplicates: readonly string[]
  /** Records that lie behind a later flight of their key, or apart from it in another partition. */
  readonly reordered: readonly string[]
  /** Records of flights that were never committed. */
  readonly phantoms: readonly string[]
  /** Records that say something else than the business row. */
  readonly altered: readonly string[]
  /** Receipts that point at another record than their message's. */
  readonly wrongReceipts: readonly string[]
  /** Records that no receipt points at although nothing waits any more. */
  readonly withoutReceipt: readonly string[]
}

/** A committed flight that is gone, and where waybill's receipt says that it was. */
export interface LostFlight {
  readonly number: number
  readonly key: string
  readonly receipt: Receipt | undefined
}

/** A record whose value was understood. */
interface Landed extends TopicRecord {
  readonly number: number
  readonly messageId: string
}

/** Compares the books with the topic. `lostReceipts` tells which receipt belongs to a flight that has no record. */
export function compare(books: Books, records: readonly TopicRecord[], lostReceipts: ReceiptsOfFlights): Findings {
  const landed = records.flatMap((record) => understood(record) ?? [])
  const strange = records.filter((record) => understood(record) === undefined).map(placeOf)
  const byNumber = new Map<number, Landed>()
  for (const record of landed) if (!byNumber.has(record.number)) byNumber.set(record.number, record)
  const committed = new Map(books.flights.map((flight) => [flight.number, flight]))
  const waiting = new Set(books.waiting.map((value) => numberIn(value)))
  const lost = books.flights.filter(({ number }) => !byNumber.has(number) && !waiting.has(number))
  return {
    committed: books.flights.length,
    inTopic: books.flights.filter(({ number }) => byNumber.has(number)).length,
    records: records.length,
    receipts: books.receipts.length,
    waiting: books.waiting.length,
    parked: books.parked,
    lost: lost.map(({ number, origin }) => ({ number, key: origin, receipt: lostReceipts.get(number) })),
    duplicates: duplicatesOf(landed),
    reordered: reorderedOf(byNumber),
    phantoms: [...strange, ...landed.filter(({ number }) => !committed.has(number)).map(nameOf)],
    altered: landed.filter((record) => isAltered(record, committed.get(record.number))).map(nameOf),
    ...receiptFaults(books, landed),
  }
}

/** Receipts by flight number, as joined inside the database. */
export type ReceiptsOfFlights = ReadonlyMap<number, Receipt>

/** True when nothing is wrong but, perhaps, messages that are lost. */
export function isSoundButForLosses(found: Findings): boolean {
  const { duplicates, reordered, phantoms, altered, wrongReceipts, withoutReceipt, waiting, parked } = found
  const lists = [duplicates, reordered, phantoms, altered, wrongReceipts, withoutReceipt]
  return lists.every((list) => list.length === 0) && waiting === 0 && parked === 0
}

function understood(record: TopicRecord): Landed | undefined {
  const number = record.value === null ? undefined : numberIn(record.value)
  // 01-<source>-<lane>-<producer id>.<producer epoch>-<sequence>-<message id>
  const messageId = record.header?.split('-').at(-1)
  return number === undefined || messageId === undefined ? undefined : { ...record, number, messageId }
}

function numberIn(value: string): number | undefined {
  try {
    const parsed: unknown = JSON.parse(value)
    if (typeof parsed !== 'object' || parsed === null || !('number' in parsed)) return undefined
    return typeof parsed.number === 'number' ? parsed.number : undefined
  } catch {
    return undefined
  }
}

function duplicatesOf(landed: readonly Landed[]): string[] {
  const ids = new Set<string>()
  const numbers = new Set<number>()
  return landed.flatMap((record) => {
    const again = ids.has(record.messageId) || numbers.has(record.number)
    ids.add(record.messageId)
    numbers.add(record.number)
    return again ? [nameOf(record)] : []
  })
}

/** Flight numbers rise with each commit, so those of a key must rise with the offset. Expects partition and offset order. */
function reorderedOf(byNumber: ReadonlyMap<number, Landed>): string[] {
  const last = new Map<string, Landed>()
  const found: string[] = []
  for (const record of byNumber.values()) {
    const key = record.key ?? ''
    const before = last.get(key)
    if (before && (before.number > record.number || before.partition !== record.partition)) found.push(nameOf(record))
    else last.set(key, record)
  }
  return found
}

function isAltered(record: Landed, flight: Flight | undefined): boolean {
  if (!flight) return false
  const { number, date, delay, distance, origin, destination } = flight
  const said = JSON.parse(record.value ?? 'null') as Flight
  const same =
    said.number === number &&
    said.date === date &&
    said.delay === delay &&
    said.distance === distance &&
    said.origin === origin &&
    said.destination === destination
  return !same || record.key !== origin
}

/** Receipts of messages that the topic does not hold at all are losses, not wrong receipts. */
function receiptFaults(books: Books, landed: readonly Landed[]): Pick<Findings, 'wrongReceipts' | 'withoutReceipt'> {
  const places = new Map<string, Set<string>>()
  for (const record of landed) {
    const known = places.get(record.messageId) ?? new Set()
    places.set(record.messageId, known.add(placeOf(record)))
  }
  const wrong = books.receipts.filter((receipt) => {
    const at = places.get(receipt.messageId)
    return at !== undefined && !at.has(placeOf(receipt))
  })
  const acknowledged = new Set(books.receipts.map(({ messageId }) => messageId))
  const unclaimed = books.openFlights > 0 ? [] : landed.filter(({ messageId }) => !acknowledged.has(messageId))
  return {
    wrongReceipts: wrong.map((receipt) => `${receipt.messageId} said to be at ${placeOf(receipt)}`),
    withoutReceipt: unclaimed.map(nameOf),
  }
}

function placeOf({ partition, offset }: { readonly partition: number; readonly offset: number }): string {
  return `${partition}/${offset}`
}

function nameOf(record: Landed): string {
  return `flight ${record.number} (${record.key}) at ${placeOf(record)}`
}
