// The independent oracle: shares no code with waybill. It compares what the business committed, what the outbox claims and
// what lies in the topic, each read on its own way.
import type { IdentifiedRecord } from '../../start/topic-reader.js'

/** A committed business row; its message says the same. */
export interface Order {
  readonly number: number
  /** Null: a message without a key, which has no order. */
  readonly key: string | null
  /** Rises with the order of commit among the rows of one key. */
  readonly place: number
  readonly body: string
}

/** What the outbox claims about a message that it calls sent. */
export interface SentRow {
  readonly number: number
  /** 32 hex digits. */
  readonly messageId: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly sequence: number
}

/** What the database says when all is over. */
export interface Books {
  readonly orders: readonly Order[]
  /** Undefined: an outbox that keeps no receipts. */
  readonly sent: readonly SentRow[] | undefined
  /** Numbers of messages that wait, or are set aside. */
  readonly waiting: readonly number[]
  readonly parked: readonly number[]
  readonly openFlights: number
}

/** Everything that may be wrong, each with names that help to look into it. */
export interface Findings {
  readonly committed: number
  readonly records: number
  readonly receipts: number
  /** Committed, but neither in the topic nor waiting nor set aside. */
  readonly lost: readonly string[]
  /** Messages at a second offset. */
  readonly duplicates: readonly string[]
  /** First records of a message that lie behind a later one of their key, or in another partition. */
  readonly reordered: readonly string[]
  /** Receipts that do not describe the very record of their message: topic, partition, offset, producer, epoch, sequence. */
  readonly wrongReceipts: readonly string[]
  /** Records of what was never committed, or of nobody. */
  readonly phantoms: readonly string[]
  /** Records that say something else than the business row, or whose header does not fit their batch. */
  readonly altered: readonly string[]
  /** Sent and waiting at the same time, sent twice by the books, or in the topic without a receipt although nothing waits. */
  readonly unaccounted: readonly string[]
  readonly waiting: readonly number[]
  readonly parked: readonly number[]
}

/** A record whose value was understood. */
interface Landed extends IdentifiedRecord {
  readonly number: number
  readonly messageId: string | undefined
}

/** Compares the books with all records of `topic`, given partition by partition in offset order. */
export function judge(topic: string, books: Books, records: readonly IdentifiedRecord[]): Findings {
  const landed = records.flatMap((record) => understood(record) ?? [])
  const strange = records.filter((record) => understood(record) === undefined).map(placeOf)
  const orders = new Map(books.orders.map((order) => [order.number, order]))
  const first = new Map<number, Landed>()
  const duplicates: string[] = []
  for (const record of landed)
    if (first.has(record.number)) duplicates.push(`${nameOf(record)}, first at ${placeOf(first.get(record.number))}`)
    else first.set(record.number, record)
  const elsewhere = new Set([...books.waiting, ...books.parked])
  const lost = books.orders.filter(({ number }) => !first.has(number) && !elsewhere.has(number))
  return {
    committed: books.orders.length,
    records: records.length,
    receipts: books.sent?.length ?? 0,
    lost: lost.map(({ number, key }) => `${number} (${key})`),
    duplicates,
    reordered: reorderedOf(orders, first),
    wrongReceipts: books.sent ? wrongReceiptsOf(topic, books.sent, landed) : [],
    phantoms: [...strange, ...landed.filter(({ number }) => !orders.has(number)).map(nameOf)],
    altered: landed.filter((record) => isAltered(record, orders.get(record.number))).map(nameOf),
    unaccounted: books.sent ? unaccountedOf(books, books.sent, landed) : [],
    waiting: books.waiting,
    parked: books.parked,
  }
}

function understood(record: IdentifiedRecord): Landed | undefined {
  const said = parsed(record.value)
  if (said === undefined) return undefined
  // 01-<source>-<lane>-<producer id>.<producer epoch>-<sequence>-<message id>
  return { ...record, number: said.number, messageId: record.header?.split('-').at(-1) }
}

function parsed(value: string | null): Omit<Order, 'place'> | undefined {
  try {
    const said: unknown = JSON.parse(value ?? 'null')
    if (typeof said !== 'object' || said === null || !('number' in said)) return undefined
    return typeof said.number === 'number' ? (said as Omit<Order, 'place'>) : undefined
  } catch {
    return undefined
  }
}

function reorderedOf(orders: ReadonlyMap<number, Order>, first: ReadonlyMap<number, Landed>): string[] {
  const last = new Map<string, { readonly place: number; readonly partition: number }>()
  const found: string[] = []
  for (const record of first.values()) {
    const order = orders.get(record.number)
    if (!order || order.key === null) continue
    const before = last.get(order.key)
    const isBehind = before !== undefined && (before.place > order.place || before.partition !== record.partition)
    if (isBehind) found.push(nameOf(record))
    else last.set(order.key, { place: order.place, partition: record.partition })
  }
  return found
}

/** Receipts of messages that the topic does not hold at all are losses, not wrong receipts. */
function wrongReceiptsOf(topic: string, sent: readonly SentRow[], landed: readonly Landed[]): string[] {
  const places = new Map<number, Landed[]>()
  for (const record of landed) places.set(record.number, [...(places.get(record.number) ?? []), record])
  return sent.flatMap((row) => {
    const records = places.get(row.number)
    if (!records || (row.topic === topic && records.some((record) => isTrue(row, record)))) return []
    const said = `${row.topic}/${row.partition}/${row.offset} by ${row.producerId}.${row.producerEpoch}#${row.sequence}`
    const is = records.map((record) => `${placeOf(record)} by ${identityOf(record)}`).join(' and ')
    return [`${row.number}: said ${said}, is ${is}`]
  })
}

function isTrue(row: SentRow, record: Landed): boolean {
  return (
    record.messageId === row.messageId &&
    record.partition === row.partition &&
    record.offset === row.offset &&
    record.producerId === row.producerId &&
    record.producerEpoch === row.producerEpoch &&
    record.sequence === row.sequence
  )
}

function isAltered(record: Landed, order: Order | undefined): boolean {
  const said = parsed(record.value)
  const isHeaderOfBatch =
    record.header === undefined || record.header.includes(`-${record.producerId}.${record.producerEpoch}-`)
  if (!order) return false
  return !said || !isHeaderOfBatch || said.key !== order.key || said.body !== order.body || record.key !== order.key
}

function unaccountedOf(books: Books, sent: readonly SentRow[], landed: readonly Landed[]): string[] {
  const waiting = new Set([...books.waiting, ...books.parked])
  const known = new Set<number>()
  const found: string[] = []
  for (const { number } of sent) {
    if (known.has(number)) found.push(`${number} was sent twice, say the books`)
    if (waiting.has(number)) found.push(`${number} is sent and waits`)
    known.add(number)
  }
  if (books.openFlights > 0) return found
  for (const record of landed)
    if (!known.has(record.number)) found.push(`${nameOf(record)} has no receipt and is in no open flight`)
  return found
}

function placeOf(record: Pick<IdentifiedRecord, 'partition' | 'offset'> | undefined): string {
  return record ? `${record.partition}/${record.offset}` : 'nowhere'
}

function identityOf({ producerId, producerEpoch, sequence }: IdentifiedRecord): string {
  return `${producerId}.${producerEpoch}#${sequence}`
}

function nameOf(record: Landed): string {
  return `${record.number} (${record.key}) at ${placeOf(record)} by ${identityOf(record)}`
}
