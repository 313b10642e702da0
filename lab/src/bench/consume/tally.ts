import { closeSync, openSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { tell } from '../serve.js'
import type { Handled } from './arm.js'
import { monotonicMs } from './committed-watch.js'

const digitZero = 48
const numberAt = 0
const numberDigits = 8
const microsAt = 9
const microsDigits = 7

/** The handler of every Node arm: works as long as the record says and keeps the books. */
export class Tally {
  readonly #count: number
  readonly #record: number | undefined
  #assignedMs = 0
  #handled = 0
  #handlerMs = 0

  /** `record`: see `ConsumerSettings`. */
  constructor(count: number, record: string | undefined) {
    this.#count = count
    this.#record = record === undefined ? undefined : openSync(record, 'a')
  }

  /** The group gave partitions. The first time counts. */
  assigned(): void {
    this.#assignedMs ||= monotonicMs()
  }

  /** Handles a record; a promise only where there is something to wait for. */
  handle(value: Uint8Array): Promise<void> | undefined {
    const micros = numberIn(value, microsAt, microsDigits)
    if (micros > 0) return this.#work(value, micros)
    this.#done(value)
    return undefined
  }

  /** Nothing is under way. */
  close(): void {
    if (this.#record !== undefined) closeSync(this.#record)
  }

  async #work(value: Uint8Array, micros: number): Promise<void> {
    const before = performance.now()
    await sleep(micros / 1_000)
    this.#handlerMs += performance.now() - before
    this.#done(value)
  }

  #done(value: Uint8Array): void {
    if (this.#record !== undefined) {
      const bytes = Buffer.allocUnsafe(4)
      bytes.writeInt32BE(numberIn(value, numberAt, numberDigits))
      writeSync(this.#record, bytes)
    }
    if (++this.#handled !== this.#count) return
    const handled: Handled = { assignedMs: this.#assignedMs, lastMs: monotonicMs(), handlerMs: this.#handlerMs }
    tell({ kind: 'handled', ...handled })
  }
}

function numberIn(bytes: Uint8Array, at: number, digits: number): number {
  let value = 0
  for (let i = at; i < at + digits; i++) value = value * 10 + (bytes[i] ?? digitZero) - digitZero
  return value
}
