/** Randomness, behind a port so that a seed reproduces a run. */
export interface Random {
  /** Uniform in [0, 1). For jitter. */
  next(): number
  /** Random bytes for message ids. */
  bytes(count: number): Uint8Array
}
