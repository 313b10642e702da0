/** The sending application of every bench. */
export const source = 'bench'
/** Lanes of the outbox: the default, written down because the limit arm cuts its streams the same way. */
export const lanes = 32
const keyCount = 1000
const valueBytes = 200

/** The key of message `n`: 1000 keys in turn. */
export function keyOf(n: number): string {
  return `key-${String(n % keyCount).padStart(8, '0')}`
}

/** The value of message `n`: JSON of 200 bytes, with `n` first, so that a reader finds it without parsing the rest. */
export function valueOf(n: number): string {
  const start = `{"n":${n},"key":"${keyOf(n)}","amount":${n * 3},"pad":"`
  return `${start}${'x'.repeat(Math.max(0, valueBytes - start.length - 2))}"}`
}

/** The number of a message from its value; -1 when it is none of ours. */
export function numberOf(value: string): number {
  const found = /^\{"n":(\d{1,9}),/.exec(value)
  return found ? Number(found[1]) : -1
}
