// What a consuming process writes down about itself, one line at once on the file system, so that it outlives kill -9.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import type { WaybillEvent } from 'waybill'

/** One line. `place` is `topic/partition`; counts are those of the process's whole life. */
export type Entry =
  /** The group took a commit that covers so many handled messages. */
  | { readonly kind: 'covered'; readonly place: string; readonly handled: number }
  /** The partition is no longer its own: given up, lost, or begun anew after a loss. `running`: handlers not at their end. */
  | { readonly kind: 'gone'; readonly place: string; readonly handled: number; readonly running: number }
  /** A dead letter has its receipt. */
  | { readonly kind: 'letter'; readonly place: string }
  | { readonly kind: 'finding'; readonly finding: string; readonly place: string; readonly detail: string }
  /** It stopped by itself, with this error code. */
  | { readonly kind: 'stopped'; readonly code: string }

/** Findings after which a partition is begun anew elsewhere. */
const losses: ReadonlySet<string> = new Set(['retention', 'truncated'])

/** Writes one process's diary. */
export class Diary {
  readonly #file: string
  readonly #handled = new Map<string, number>()
  readonly #running = new Map<string, number>()
  /** What the commit that is under way can cover at most. Commits of one process follow each other. */
  #underWay: ReadonlyMap<string, number> = new Map()

  constructor(file: string) {
    this.#file = file
  }

  /** A handler begins. */
  begin(place: string): void {
    add(this.#running, place, 1)
  }

  /** A handler has ended, well or not. */
  end(place: string): void {
    add(this.#running, place, -1)
  }

  /** A commit is made of what is handled at this moment. */
  commitBegins(): void {
    this.#underWay = new Map(this.#handled)
  }

  /** It stopped by itself. */
  stopped(code: string): void {
    this.#write({ kind: 'stopped', code })
  }

  /** What waybill tells. */
  told(event: WaybillEvent): void {
    switch (event.kind) {
      case 'handled':
        add(this.#handled, placeOf(event), 1)
        return
      case 'dead-lettered':
        add(this.#handled, placeOf(event), 1)
        this.#write({ kind: 'letter', place: placeOf(event) })
        return
      case 'committed':
        this.#write({ kind: 'covered', place: placeOf(event), handled: this.#underWay.get(placeOf(event)) ?? 0 })
        return
      case 'revoked':
      case 'lost':
        for (const each of event.partitions) this.#gone(placeOf(each))
        return
      case 'finding':
        this.#write({ kind: 'finding', finding: event.finding, place: placeOf(event.stream), detail: event.detail })
        // Others are about sequences, and change nothing.
        if (losses.has(event.finding)) this.#gone(placeOf(event.stream))
        return
      default:
    }
  }

  #gone(place: string): void {
    const handled = this.#handled.get(place) ?? 0
    this.#write({ kind: 'gone', place, handled, running: this.#running.get(place) ?? 0 })
  }

  #write(entry: Entry): void {
    // Not synced: a process kill leaves the page cache alone.
    appendFileSync(this.#file, `${JSON.stringify(entry)}\n`)
  }
}

/** All of a diary; a line that a kill cut off is left out. */
export function readDiary(file: string): readonly Entry[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Entry)
}

/**
 * How many effects of one process may be repeated by others: those that no commit of it covered when it lost the partition or
 * its life, and what its workers had in their hands then. `effects`: how many it wrote, by `topic/partition`.
 */
export function atRiskOf(
  diary: readonly Entry[],
  effects: ReadonlyMap<string, number>,
  { workers, died }: { readonly workers: number; readonly died: boolean },
): number {
  const covered = new Map<string, number>()
  const letters = new Map<string, number>()
  let atRisk = 0
  for (const entry of diary) {
    if (entry.kind === 'covered') covered.set(entry.place, entry.handled)
    if (entry.kind === 'letter') add(letters, entry.place, 1)
    if (entry.kind !== 'gone') continue
    atRisk += entry.handled - (covered.get(entry.place) ?? 0) + entry.running
    covered.set(entry.place, entry.handled)
  }
  for (const place of new Set([...effects.keys(), ...letters.keys()])) {
    const done = (effects.get(place) ?? 0) + (letters.get(place) ?? 0)
    atRisk += Math.max(0, done - (covered.get(place) ?? 0))
  }
  return atRisk + (died ? workers : 0)
}

function placeOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}/${partition}`
}

function add(counts: Map<string, number>, place: string, count: number): void {
  counts.set(place, (counts.get(place) ?? 0) + count)
}
