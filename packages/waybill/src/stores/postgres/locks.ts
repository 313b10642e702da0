import { murmur2 } from '../../model/lane.js'
import type { SealedMessage } from '../../model/message.js'
import type { Database } from './database.js'
import { arrayOf } from './rows.js'

/** Distinct keys of one call from which on lanes are locked instead: PostgreSQL's lock table is small (6400 by default). */
const keysMax = 64
/** The object that a transaction with messages of no order locks, shared, so that openSenders sees it. */
const unordered = -1

/** The two classes of advisory locks of an outbox. Others of the application may collide, which only costs time. */
function lockClasses(db: Database): { readonly lanes: number; readonly keys: number } {
  return { lanes: db.lockClass('lanes'), keys: db.lockClass('keys') }
}

/**
 * The locks of one `enqueue` call as three array parameters: class, object, shared. Rule: lanes first, in order; then keys,
 * in order; so two calls never wait for each other in a circle (two transactions with several calls may: 40P01).
 *
 * - Up to 64 keys: each of their lanes shared, each key exclusively. A key is a hash of topic and key; two keys of one hash
 *   wait for each other, which only costs time.
 * - More: their lanes exclusively, which excludes every other message with a key in those lanes, and no key.
 * - Messages without a key, or of a topic that does without order, have none: one shared lock, which excludes nobody.
 *
 * All of them tell openSenders that the transaction may have drawn ids. Race: a lock per key alone would let a call with
 * many keys draw an id of the same key unseen.
 */
export function enqueueLocks(
  db: Database,
  messages: readonly Pick<SealedMessage, 'lane' | 'topic' | 'key' | 'unordered'>[],
): readonly [string, string, string] {
  const { lanes: laneClass, keys: keyClass } = lockClasses(db)
  const lanes = new Set<number>()
  const keys = new Set<number>()
  let keyless = false
  for (const { lane, topic, key, unordered: isUnordered } of messages) {
    if (key === null || isUnordered) keyless = true
    else {
      lanes.add(lane)
      keys.add(keyHash(topic, key))
    }
  }
  const many = keys.size > keysMax
  const locks: { readonly of: number; readonly object: number; readonly shared: boolean }[] = []
  if (keyless) locks.push({ of: laneClass, object: unordered, shared: true })
  for (const lane of inOrder(lanes)) locks.push({ of: laneClass, object: lane, shared: !many })
  if (!many) for (const key of inOrder(keys)) locks.push({ of: keyClass, object: key, shared: false })
  return [
    arrayOf(locks.map((lock) => lock.of)),
    arrayOf(locks.map((lock) => lock.object)),
    arrayOf(locks.map((lock) => lock.shared)),
  ]
}

/** The object by which a key is locked: the same in every process, whatever its version. */
export function keyHash(topic: string, key: Uint8Array): number {
  let hash = 0
  for (let i = 0; i < topic.length; i++) hash = (Math.imul(hash, 31) + topic.charCodeAt(i)) | 0
  // Spread, because similar names differ in few bits.
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) ^ murmur2(key)
}

function inOrder(numbers: ReadonlySet<number>): readonly number[] {
  return [...numbers].sort((a, b) => a - b)
}
