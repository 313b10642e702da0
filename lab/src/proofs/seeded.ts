/** Numbers from 0 to 1 that are the same for the same seed and label (mulberry32 over an FNV-1a hash). */
export function seeded(seed: number, label = ''): () => number {
  let state = seed >>> 0
  for (const char of label) state = Math.imul(state ^ (char.codePointAt(0) ?? 0), 16_777_619) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A whole number from `min` to `max`, both included. */
export function between(random: () => number, min: number, max: number): number {
  return min + Math.floor(random() * (max - min + 1))
}
