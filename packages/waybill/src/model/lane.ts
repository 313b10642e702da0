const seed = 0x9747b28c
const m = 0x5bd1e995

/**
 * murmur2 exactly as Java's `org.apache.kafka.common.utils.Utils.murmur2`, so that a key meets the same partition as from
 * every other client with Java's default partitioner. Result is a signed 32-bit integer.
 */
export function murmur2(key: Uint8Array): number {
  const length = key.length
  let h = seed ^ length
  const words = length >> 2
  for (let i = 0; i < words; i++) {
    const at = i * 4
    let k = (key[at] ?? 0) | ((key[at + 1] ?? 0) << 8) | ((key[at + 2] ?? 0) << 16) | ((key[at + 3] ?? 0) << 24)
    k = Math.imul(k, m)
    k ^= k >>> 24
    k = Math.imul(k, m)
    h = Math.imul(h, m) ^ k
  }
  const tail = words * 4
  const rest = length - tail
  if (rest >= 3) h ^= (key[tail + 2] ?? 0) << 16
  if (rest >= 2) h ^= (key[tail + 1] ?? 0) << 8
  if (rest >= 1) h = Math.imul(h ^ (key[tail] ?? 0), m)
  h ^= h >>> 13
  h = Math.imul(h, m)
  return h ^ (h >>> 15)
}

/** `murmur2(key) mod count`, made positive as Kafka does (`Utils.toPositive`): the lane for `count` lanes, the partition for `count` partitions. */
export function slotOf(key: Uint8Array, count: number): number {
  return (murmur2(key) & 0x7fffffff) % count
}
