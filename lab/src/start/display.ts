import type { Progress } from './database.js'

/** What the display shows. */
export interface Shown extends Progress {
  /** Effects on the arrivals board. */
  readonly handled: number
  readonly elapsedMs: number
  /** Flights at the end of the run. */
  readonly goal: number
  /** Ms since the relay last reached Kafka; undefined = it does. */
  readonly unreachableMs: number | undefined
  /** What the faults did so far, in words. */
  readonly faults: string
}

/** What a display needs of a stream. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** Where progress goes: a redrawn block on a terminal, else a line every second. */
export interface Display {
  show(shown: Shown): void
  note(text: string): void
  end(): void
}

const lineEveryMs = 1_000
const rateOverMs = 2_000
const barWidth = 40
const columnsUnknown = 80

/** The display that fits the stream; `quiet` shows nothing. */
export function displayOn(stream: Screen, quiet: boolean): Display {
  if (quiet) return { show: () => undefined, note: () => undefined, end: () => undefined }
  return stream.isTTY ? new Block(stream) : new Lines(stream)
}

/** A sentence on Kafka's state; the answer to "is anything lost?" while it is away. */
export function kafkaSentence({ unreachableMs, waiting, lost }: Shown): string {
  if (unreachableMs === undefined) return 'Kafka reachable'
  return `Kafka unreachable for ${Math.round(unreachableMs / 1000)} s, ${thousands(waiting)} waiting, ${lost} lost`
}

/** 20000 → "20 000". */
export function thousands(value: number): string {
  return String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, ' ')
}

/** How fast the counters grew in the last two seconds. */
class Rates {
  readonly #seen: Shown[] = []

  add(shown: Shown): Readonly<Record<'committed' | 'acknowledged' | 'handled', number>> {
    this.#seen.push(shown)
    while (this.#seen.length > 2 && shown.elapsedMs - (this.#seen[0]?.elapsedMs ?? 0) > rateOverMs) this.#seen.shift()
    const first = this.#seen[0] ?? shown
    const seconds = Math.max(0.001, (shown.elapsedMs - first.elapsedMs) / 1000)
    return {
      committed: (shown.committed - first.committed) / seconds,
      acknowledged: (shown.acknowledged - first.acknowledged) / seconds,
      handled: (shown.handled - first.handled) / seconds,
    }
  }
}

class Lines implements Display {
  readonly #stream: Screen
  readonly #rates = new Rates()
  #nextMs = 0
  #elapsedMs = 0

  constructor(stream: Screen) {
    this.#stream = stream
  }

  show(shown: Shown): void {
    this.#elapsedMs = shown.elapsedMs
    const rate = this.#rates.add(shown)
    if (shown.elapsedMs < this.#nextMs) return
    this.#nextMs = shown.elapsedMs + lineEveryMs
    const committed = `committed ${thousands(shown.committed)}/${thousands(shown.goal)} (${thousands(rate.committed)}/s)`
    const acknowledged = `acknowledged ${thousands(shown.acknowledged)} (${thousands(rate.acknowledged)}/s)`
    const handled = `handled ${thousands(shown.handled)} (${thousands(rate.handled)}/s)`
    const state = shown.unreachableMs === undefined ? waitingText(shown) : kafkaSentence(shown)
    this.#write(`${committed}, ${acknowledged}, ${handled}, ${state}`)
  }

  note(text: string): void {
    this.#write(`* ${text}`)
  }

  end(): void {}

  #write(text: string): void {
    this.#stream.write(`${stamp(this.#elapsedMs)} ${text}\n`)
  }
}

class Block implements Display {
  readonly #stream: Screen
  readonly #rates = new Rates()
  #height = 0
  #shown: Shown | undefined

  constructor(stream: Screen) {
    this.#stream = stream
  }

  show(shown: Shown): void {
    this.#shown = shown
    const rate = this.#rates.add(shown)
    const counter = (name: string, value: number, perSecond: number): string =>
      `  ${name.padEnd(13)}${bar(value / shown.goal)} ${thousands(value).padStart(7)} / ${thousands(shown.goal)}  ${thousands(perSecond).padStart(6)}/s`
    this.#draw([
      counter('committed', shown.committed, rate.committed),
      counter('acknowledged', shown.acknowledged, rate.acknowledged),
      counter('handled', shown.handled, rate.handled),
      `  ${waitingText(shown)}`,
      `  ${kafkaSentence(shown)}`,
      `  ${shown.faults}`,
    ])
  }

  note(text: string): void {
    const elapsedMs = this.#shown?.elapsedMs ?? 0
    this.#erase()
    this.#stream.write(`${stamp(elapsedMs)} * ${text}\n`)
    if (this.#shown) this.show(this.#shown)
  }

  end(): void {
    this.#height = 0
  }

  #draw(lines: readonly string[]): void {
    this.#erase()
    // A line that wraps would make the block higher than it is counted.
    this.#stream.write(lines.map((line) => `${line.slice(0, (this.#stream.columns ?? columnsUnknown) - 1)}\n`).join(''))
    this.#height = lines.length
  }

  #erase(): void {
    if (this.#height > 0) this.#stream.write(`\u001b[${this.#height}A\u001b[0J`)
    this.#height = 0
  }
}

function bar(share: number): string {
  const full = Math.max(0, Math.min(barWidth, Math.round(share * barWidth)))
  return '█'.repeat(full) + '░'.repeat(barWidth - full)
}

function waitingText({ waiting, oldestMs }: Shown): string {
  return waiting === 0
    ? 'nothing waits'
    : `${thousands(waiting)} waiting, the oldest for ${(oldestMs / 1000).toFixed(1)} s`
}

function stamp(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(5)} s`
}
