// The independent oracle of the consumer's proof: shares no code with waybill. It compares what lies in the topic with the rows
// that the handlers wrote, each read on its own way.

/** A record of the topic, with the content that its producer gave it. */
export interface Sent {
  readonly number: number
  readonly key: string
  /** Which life of the topic: it grows when the topic is created anew, or its log is cut and goes on. */
  readonly life: number
  readonly partition: number
  readonly offset: number
}

/** A row that a handler wrote, in the order in which they were written. */
export interface Effect {
  readonly number: number
  readonly key: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Which process wrote it. */
  readonly process: string
}

/** Offsets of which the consumer said itself that they are lost to it. */
export interface Told {
  readonly life: number
  readonly partition: number
  readonly from: number
  /** The first one that is not lost. */
  readonly to: number
}

/** What the oracle looks at. */
export interface Evidence {
  /** All records that ever were in the topic, in offset order within life and partition. */
  readonly sent: readonly Sent[]
  readonly effects: readonly Effect[]
  readonly told: readonly Told[]
  /** The topic; effects elsewhere are those of dead letters. */
  readonly topic: string
  /** With the inbox: no message has two effects. Without: repeats are counted, and bounded. */
  readonly once: boolean
  /** Effects that no commit covered when their process lost the partition or its life; see `atRiskOf`. */
  readonly atRisk: number
}

/** Everything that may be wrong, each with names that help to look into it. */
export interface Findings {
  /** Records; a client's retry may have sent a message twice, and it then has as many effects. */
  readonly sent: number
  readonly effects: number
  /** Records without an effect of which nobody said that they are lost. */
  readonly lost: readonly string[]
  /** Records without an effect of which a finding said so. */
  readonly told: number
  /** With the inbox: effects too many. */
  readonly doubled: readonly string[]
  /** Without the inbox: effects too many. */
  readonly repeated: number
  /** How many repeats there may be at most. */
  readonly repeatedMax: number
  /** First effects of a message behind the one of a later message of its key. */
  readonly reordered: readonly string[]
  /** Effects of nothing that is in the topic, or of another key, partition or offset. */
  readonly phantoms: readonly string[]
}

interface Known {
  readonly key: string
  /** The message's place among all of its key. */
  readonly place: number
  readonly copies: Sent[]
  effects: number
}

/** Compares them. */
export function judge({ sent, effects, told, topic, once, atRisk }: Evidence): Findings {
  const known = messagesOf(sent)
  const phantoms: string[] = []
  for (const effect of effects) {
    const message = known.get(effect.number)
    if (!message || !isOf(effect, message, topic)) phantoms.push(nameOf(effect))
    if (message) message.effects++
  }
  const without = [...known].filter(([, message]) => message.effects === 0)
  const isTold = ({ life, partition, offset }: Sent): boolean =>
    told.some((each) => each.life === life && each.partition === partition && each.from <= offset && offset < each.to)
  const lost = without.filter(([, message]) => !message.copies.every(isTold))
  const tooMany = [...known].filter(([, message]) => message.effects > message.copies.length)
  const repeated = tooMany.reduce((sum, [, message]) => sum + message.effects - message.copies.length, 0)
  return {
    sent: sent.length,
    effects: effects.length,
    lost: lost.map(([number, { copies }]) => `${number} (${copies.map(placeOf).join()})`),
    told: without.length - lost.length,
    doubled: once ? tooMany.map(([number, message]) => `${number} (${message.key}) ${message.effects} times`) : [],
    repeated: once ? 0 : repeated,
    repeatedMax: once ? 0 : atRisk,
    reordered: reorderedOf(known, effects),
    phantoms,
  }
}

function messagesOf(sent: readonly Sent[]): Map<number, Known> {
  const known = new Map<number, Known>()
  const places = new Map<string, number>()
  for (const record of sent) {
    const before = known.get(record.number)
    const place = (places.get(record.key) ?? 0) + 1
    places.set(record.key, place)
    if (before) before.copies.push(record)
    else known.set(record.number, { key: record.key, place, copies: [record], effects: 0 })
  }
  return known
}

function isOf(effect: Effect, { key, copies }: Known, topic: string): boolean {
  const isThere = ({ partition, offset }: Sent): boolean => partition === effect.partition && offset === effect.offset
  return effect.key === key && (effect.topic !== topic || copies.some(isThere))
}

/** A message's second effect is a repeat and has no order; dead letters are handled in an order of their own. */
function reorderedOf(known: ReadonlyMap<number, Known>, effects: readonly Effect[]): string[] {
  const highest = new Map<string, number>()
  const seen = new Set<string>()
  const found: string[] = []
  for (const effect of effects) {
    const place = known.get(effect.number)?.place
    const first = `${effect.topic} ${effect.number}`
    if (place === undefined || seen.has(first)) continue
    seen.add(first)
    const line = `${effect.topic} ${effect.key}`
    if (place < (highest.get(line) ?? 0)) found.push(nameOf(effect))
    else highest.set(line, place)
  }
  return found
}

function placeOf({ partition, offset }: Pick<Sent, 'partition' | 'offset'>): string {
  return `${partition}/${offset}`
}

function nameOf(effect: Effect): string {
  return `${effect.number} (${effect.key}) of ${effect.topic} ${placeOf(effect)} by ${effect.process}`
}
