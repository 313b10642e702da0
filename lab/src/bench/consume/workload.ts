import { seeded } from '../../proofs/seeded.js'

/** What all arms of one comparison do. Every record says itself how long its handler works, so all arms have the same list. */
export interface Workload {
  readonly name: string
  /** How the table calls it. */
  readonly title: string
  readonly partitions: number
  readonly count: number
  readonly keys: number
  readonly order: 'key' | 'none'
  /** Handlers at once. */
  readonly slots: number
  /** Microseconds of work of record `n`, from 0. */
  readonly workMicros: (n: number) => number
}

/** Which workloads there are on the command line. */
export const workNames = ['w1', 'w2', 'w3', 'nowork', 'safety'] as const
export type WorkName = (typeof workNames)[number]

/** Keys of W1 in the design; the default is two of them. */
export const allKeys: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 1_000, 10_000]
export const usualKeys: readonly number[] = [20, 1_000]

const allWorkMs = [0, 0.1, 1, 10, 35, 50, 100]
const usualWorkMs = [10]
const seed = 20_261_124

/** W1: 10,000 messages of one partition, 0 to 5 ms of work from one seeded list of whole milliseconds, 16 slots, key order. */
export function w1(keys: number): Workload {
  const works = worksOf(10_000)
  const shape = { partitions: 1, count: works.length, keys, order: 'key', slots: 16 } as const
  return { name: `w1-${keys}`, title: `W1, ${keys} keys`, ...shape, workMicros: (n) => works[n] ?? 0 }
}

/** W2: 10,000 records of six partitions, 20 ms of work, 256 slots, no order. */
export function w2(): Workload {
  const shape = { partitions: 6, count: 10_000, keys: 1_000, order: 'none', slots: 256 } as const
  return { name: 'w2', title: 'W2', ...shape, workMicros: () => 20_000 }
}

/** W3: 25,000 messages of eight partitions, 1,000 keys, 100 slots. */
export function w3(workMs: number): Workload {
  const shape = { partitions: 8, count: 25_000, keys: 1_000, order: 'key', slots: 100 } as const
  return { name: `w3-${workMs}`, title: `W3, ${workMs} ms`, ...shape, workMicros: () => Math.round(workMs * 1_000) }
}

/** No work at all, key order: what the consumer itself costs. */
export function nowork(count: number): Workload {
  const shape = { partitions: 8, count, keys: 1_000, order: 'key', slots: 16 } as const
  return { name: 'nowork', title: 'no work', ...shape, workMicros: () => 0 }
}

/** For the safety column: as W1 with 1,000 keys, but half the slots: the middle is reached after the first commit of a second. */
export function safetyWork(): Workload {
  const works = worksOf(10_000)
  const shape = { partitions: 1, count: works.length, keys: 1_000, order: 'key', slots: 8 } as const
  return { name: 'safety', title: 'kill -9 at 50 %', ...shape, workMicros: (n) => works[n] ?? 0 }
}

/** What an arm handles before it is ready, so that no arm is measured while its code is still being compiled. */
export function warmWork(): Workload {
  return { ...nowork(30_000), name: 'warm', title: 'warm-up' }
}

/** The workloads that the command line asks for. */
export function workloads(
  names: readonly WorkName[],
  { keys, full, count }: { readonly keys: readonly number[]; readonly full: boolean; readonly count: number },
): Workload[] {
  return names.flatMap((name) => {
    switch (name) {
      case 'w1':
        return keys.map(w1)
      case 'w2':
        return [w2()]
      case 'w3':
        return (full ? allWorkMs : usualWorkMs).map(w3)
      case 'nowork':
        return [nowork(count)]
      case 'safety':
        return [] // no speed: see `safetyRun`
    }
  })
}

const valueBytes = 200

/** The value of record `n`: its number and its work at fixed places, so that every arm reads them with a loop over digits. */
export function valueOf({ workMicros }: Workload, n: number): Buffer {
  const start = `${String(n).padStart(8, '0')} ${String(workMicros(n)).padStart(7, '0')} `
  return Buffer.from(start.padEnd(valueBytes, 'x'))
}

/**
 * Each record's key: all keys once, in an order drawn by lot, then all again. So every key is as frequent as the others, as
 * "keys ÷ work" takes it to be: with keys drawn freely the commonest ones are what the end of a run waits for, in every arm.
 */
export function keysOf({ keys, count, name }: Workload): Uint16Array {
  const random = seeded(seed, name)
  const drawn = new Uint16Array(count)
  const deck = Uint16Array.from({ length: keys }, (_, key) => key)
  for (let from = 0; from < count; from += keys) {
    shuffle(deck, random)
    drawn.set(deck.subarray(0, Math.min(keys, count - from)), from)
  }
  return drawn
}

function shuffle(deck: Uint16Array, random: () => number): void {
  for (let last = deck.length - 1; last > 0; last--) {
    const at = Math.floor(random() * (last + 1))
    const taken = deck[at] ?? 0
    deck[at] = deck[last] ?? 0
    deck[last] = taken
  }
}

function worksOf(count: number): Uint32Array {
  const random = seeded(seed, 'milliseconds')
  return Uint32Array.from({ length: count }, () => Math.floor(random() * 6) * 1_000)
}
