/** Counts values by upper bounds, as Prometheus does: cumulative when read. */
export class Histogram {
  readonly bounds: readonly number[]
  readonly #counts: number[]
  #sum = 0

  /** `bounds` must rise; the last bucket, up to infinity, comes by itself. */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  observe(value: number): void {
    let at = 0
    while (at < this.bounds.length && value > (this.bounds[at] ?? Infinity)) at++
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
    this.#sum += value
  }

  get sum(): number {
    return this.#sum
  }

  /** How many values are at most each bound; the last entry is the count of all. */
  cumulative(): readonly number[] {
    let total = 0
    return this.#counts.map((count) => (total += count))
  }
}
