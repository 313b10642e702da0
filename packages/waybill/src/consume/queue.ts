/** Below this many entries taken, their places are not worth giving back. */
const compactFrom = 1_024

/** First in, first out, both in constant time: `Array.shift` of a long array moves all that is behind. */
export class Queue<T> {
  #items: T[] = []
  #head = 0

  push(item: T): void {
    this.#items.push(item)
  }

  /** The oldest; `undefined` when there is none. */
  shift(): T | undefined {
    const item = this.#items[this.#head]
    if (this.#head < this.#items.length) this.#head++
    if (this.#head === this.#items.length) this.#clear()
    else if (this.#head >= compactFrom && this.#head * 2 >= this.#items.length) this.#compact()
    return item
  }

  #clear(): void {
    if (this.#head === 0) return
    this.#items = []
    this.#head = 0
  }

  #compact(): void {
    this.#items = this.#items.slice(this.#head)
    this.#head = 0
  }
}
