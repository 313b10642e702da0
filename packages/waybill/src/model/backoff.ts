/**
 * Exponential backoff with jitter: between half and all of `minMs` · 2^tries, at most `maxMs`. `random` is from [0, 1). The
 * jitter keeps processes that failed together from coming back together.
 */
export function backoff(
  tries: number,
  limits: { readonly minMs: number; readonly maxMs: number },
  random: number,
): number {
  return Math.min(limits.maxMs, limits.minMs * 2 ** Math.min(tries, 20)) * (0.5 + random / 2)
}
