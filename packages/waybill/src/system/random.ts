import { randomBytes } from 'node:crypto'
import type { Random } from '../ports/random.js'

/** The machine's randomness: cryptographic for ids, `Math.random` for jitter. */
export const systemRandom: Random = {
  next: () => Math.random(),
  bytes: (count) => randomBytes(count),
}
