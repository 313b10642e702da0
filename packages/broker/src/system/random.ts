import { randomBytes } from 'node:crypto'

/** A source of random bytes. Tests and simulations inject their own. */
export interface Random {
  /** `count` fresh bytes. */
  bytes(count: number): Uint8Array
}

/** The operating system's generator. */
export const systemRandom: Random = { bytes: (count) => randomBytes(count) }
