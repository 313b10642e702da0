import type { StoredLetter } from './dead-topic.js'

/** A record of the log. */
export interface LogRecord {
  readonly offset: number
  readonly id: string
  readonly key: string
}

/** A committed effect of a handler, in the order of commits. */
export interface Effect {
  readonly id: string
  readonly partition: number
  readonly offset: number
}

/**
 * Every broken promise in words: nothing lost (an effect, or a dead letter that is the message as it was); with the inbox no
 * effect twice; first effects of a key in log order. A message that has a dead letter, too, is out of that order.
 */
export function brokenPromises(
  logs: readonly (readonly (LogRecord | null)[])[],
  effects: readonly Effect[],
  inbox: boolean,
  letters: readonly StoredLetter[] = [],
): readonly string[] {
  const broken: string[] = []
  const times = new Map<string, number>()
  const first = new Map<string, number>()
  effects.forEach(({ id }, at) => {
    times.set(id, (times.get(id) ?? 0) + 1)
    if (!first.has(id)) first.set(id, at)
  })
  const dead = new Map(letters.map((letter) => [letter.id, letter]))
  for (const [partition, log] of logs.entries()) {
    const last = new Map<string, { readonly id: string; readonly at: number }>()
    for (const record of log) {
      if (!record) continue
      const { id, key } = record
      const at = first.get(id)
      const letter = dead.get(id)
      if (letter && !isOf(letter, record, partition)) broken.push(`dead letter of ${id} is ${JSON.stringify(letter)}`)
      if (at === undefined && letter) continue
      if (at === undefined) {
        broken.push(`lost ${id}`)
        continue
      }
      if (inbox && (times.get(id) ?? 0) > 1) broken.push(`effect doubled ${id} (${times.get(id)} times)`)
      if (letter) continue
      const before = last.get(key)
      if (before && before.at > at) broken.push(`reordered ${before.id} behind ${id} of key ${key}`)
      last.set(key, { id, at })
    }
  }
  return broken
}

function isOf({ key, headers }: StoredLetter, record: LogRecord, partition: number): boolean {
  const told = [headers['waybill-dead-partition'], headers['waybill-dead-offset'], headers['source']]
  return key === record.key && told.join() === [partition, record.offset, record.id].join()
}

/**
 * After a seek that was answered every message from its place on has an effect again, or a dead letter. Only without the
 * inbox: it knows them and leaves them out.
 */
export function passedOver(
  logs: readonly (readonly (LogRecord | null)[])[],
  effects: readonly Effect[],
  seeks: ReadonlyMap<number, { readonly to: number; readonly at: number | undefined }>,
  letters: readonly StoredLetter[],
): readonly string[] {
  const dead = new Set(letters.map(({ id }) => id))
  return [...seeks].flatMap(([partition, { to, at }]) => {
    if (at === undefined) return []
    const again = new Set(effects.slice(at).map(({ id }) => id))
    const records = (logs[partition] ?? []).flatMap((record) => (record && record.offset >= to ? [record.id] : []))
    return records
      .filter((id) => !again.has(id) && !dead.has(id))
      .map((id) => `passed over ${id} after a seek to ${to}`)
  })
}
