/** Bytes of `value` (a whole number from 0 to 2^53 - 1) as an unsigned LEB128 number: 1 to 8. */
export function varintSize(value: number): number {
  let size = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 128)) size++
  return size
}

/** Writes `value` at `start`; returns the place behind it. Arithmetic, not bit operators, because offsets exceed 32 bits. */
export function writeVarint(bytes: Uint8Array, start: number, value: number): number {
  let at = start
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 0x80
  bytes[at++] = rest
  return at
}

/** The number at `start` and the place behind it; `undefined` when it is cut short or above 2^53 - 1. */
export function readVarint(
  bytes: Uint8Array,
  start: number,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0
  for (let i = 0; i < 8; i++) {
    const byte = bytes[start + i]
    if (byte === undefined) return undefined
    value += (byte & 0x7f) * 128 ** i
    if (byte < 0x80) return Number.isSafeInteger(value) ? { value, end: start + i + 1 } : undefined
  }
  return undefined
}
