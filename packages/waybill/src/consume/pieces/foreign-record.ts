import { deadLetterPrefix, headerName, healHeaderName, parseHeader, type WaybillHeader } from '../../model/header.js'
import { uuidV7TimeMs } from '../../model/message-id.js'
import type { InboxEntry, InboxStore } from '../../ports/inbox-store.js'
import type { Transactions } from '../../ports/transactions.js'

type Text = string | Uint8Array

/** Headers as kafkajs and its like give them, as `@platformatic/kafka` does, or as pairs. */
export type ForeignHeaders =
  | Readonly<Record<string, Text | readonly Text[] | null | undefined>>
  | ReadonlyMap<Text, Text | null | undefined>
  | readonly (readonly [Text, Text | null])[]

/** What waybill's pieces read of another client's record. */
export interface ForeignRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number | bigint | string
  /** Record timestamp, ms. */
  readonly timestamp: number | bigint | string
  readonly headers?: ForeignHeaders | null | undefined
  /** Where the client knows it. */
  readonly topicId?: string
  /** Leader epoch of its batch, where the client tells it. */
  readonly leaderEpoch?: number | undefined
}

/** The last header of this name, as text; `undefined` when there is none. */
function headerText(headers: ForeignRecord['headers'], name: string): string | undefined {
  if (!headers) return undefined
  const pairs: readonly (readonly [Text, unknown])[] =
    headers instanceof Map || Array.isArray(headers) ? [...headers] : Object.entries(headers)
  const values = pairs.filter(([own]) => textOf(own) === name).map(([, value]) => value)
  const last: unknown = values.flat().at(-1)
  return typeof last === 'string' || last instanceof Uint8Array ? textOf(last) : undefined
}

const textOf = (text: Text): string => (typeof text === 'string' ? text : Buffer.from(text).toString('latin1'))

/** The `waybill` header of another client's record; `undefined` for records of other producers. */
export function waybillHeader({ headers }: Pick<ForeignRecord, 'headers'>): WaybillHeader | undefined {
  const text = headerText(headers, headerName)
  return text === undefined ? undefined : parseHeader(text)
}

/** Whether waybill's header tells of the topic it was read from: on a dead letter it is that of the original. */
export function isOriginal({ headers }: Pick<ForeignRecord, 'headers'>): boolean {
  return headerText(headers, `${deadLetterPrefix}topic`) === undefined
}

/** Whether the record was sent again because Kafka had lost it. */
export function isHealed({ headers }: Pick<ForeignRecord, 'headers'>): boolean {
  return headerText(headers, healHeaderName) !== undefined
}

/**
 * What the inbox of `group` remembers of another client's record: waybill's source and message id, the same that
 * `waybill.consume` would take; else the place of the record. A place is told from the same place in a topic that was created
 * anew, or in a log that was cut, by topic id and leader epoch; where the client does not give both, by the record's timestamp.
 */
export function inboxEntry(group: string, record: ForeignRecord): InboxEntry {
  const header = waybillHeader(record)
  if (header)
    return { group, source: header.source, messageId: header.messageId, timeMs: uuidV7TimeMs(header.messageId) }
  const { topic, topicId, partition, offset, leaderEpoch } = record
  const timeMs = Number(record.timestamp)
  const isNamed = topicId !== undefined && leaderEpoch !== undefined && leaderEpoch >= 0
  const messageId = isNamed
    ? `${topicId}-${partition}-${offset}-${leaderEpoch}`
    : `${topic}/${partition}-${offset}@${timeMs}`
  return { group, source: '', messageId, timeMs }
}

/** Where the effects of a message and the memory of it are. */
export interface OnceOptions<Tx> {
  readonly group: string
  readonly inbox: InboxStore
  /** On the database of the inbox. */
  readonly transactions: Transactions<Tx>
}

/**
 * Runs `effects` in a transaction that also remembers the record, unless the group has handled it: its effects in that database
 * then happen exactly once, however often the record is delivered and to whomever. False: it was handled before. Rejects, with
 * nothing done, when `effects` or the database does. `inbox.migrate()` and `inbox.open()` come first.
 */
export function once<Tx>(
  { group, inbox, transactions }: OnceOptions<Tx>,
  record: ForeignRecord,
  effects: (tx: Tx) => Promise<unknown>,
): Promise<boolean> {
  const entry = inboxEntry(group, record)
  return transactions.run(async (tx) => {
    if (!(await inbox.accept(transactions, tx, entry))) return false
    await effects(tx)
    return true
  })
}
