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

/** Every broken promise in words: nothing lost; with the inbox nothing twice; first effects of a key in log order. */
export function brokenPromises(
  logs: readonly (readonly (LogRecord | null)[])[],
  effects: readonly Effect[],
  inbox: boolean,
): readonly string[] {
  const broken: string[] = []
  const times = new Map<string, number>()
  const first = new Map<string, number>()
  effects.forEach(({ id }, at) => {
    times.set(id, (times.get(id) ?? 0) + 1)
    if (!first.has(id)) first.set(id, at)
  })
  for (const log of logs) {
    const last = new Map<string, { readonly id: string; readonly at: number }>()
    for (const record of log) {
      if (!record) continue
      const { id, key } = record
      const at = first.get(id)
      if (at === undefined) {
        broken.push(`lost ${id}`)
        continue
      }
      if (inbox && (times.get(id) ?? 0) > 1) broken.push(`effect doubled ${id} (${times.get(id)} times)`)
      const before = last.get(key)
      if (before && before.at > at) broken.push(`reordered ${before.id} behind ${id} of key ${key}`)
      last.set(key, { id, at })
    }
  }
  return broken
}
