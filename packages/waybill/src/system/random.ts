import { randomFillSync } from 'node:crypto'
import type { Random } from '../ports/random.js'

/** Asked from the operating system at once: a call for ten bytes costs 3 µs, as much as all else of sealing a message. */
const poolBytes = 4_096
const pool = Buffer.allocUnsafeSlow(poolBytes)
let used = poolBytes

/** The machine's randomness: cryptographic for ids, `Math.random` for jitter. No byte is handed out twice. */
export const systemRandom: Random = {
  next: () => Math.random(),
  bytes(count) {
    if (count > poolBytes) return randomFillSync(Buffer.allocUnsafe(count))
    if (used + count > poolBytes) {
      randomFillSync(pool)
      used = 0
    }
    const bytes = Buffer.from(pool.subarray(used, used + count))
    used += count
    return bytes
  },
}
