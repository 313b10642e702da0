// A consumer without a group, which notes when each message was first seen: one fetch under way per leader, answered by the
// broker as soon as there is a byte.
import { fetchV15 } from '@platformatic/kafka'
import { connectToLeaders, type Leader } from './leaders.js'
import { serve, tell } from './serve.js'
import { numberOf } from './work.js'

/** The first argument, as JSON. */
export interface WatchSettings {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly count: number
}

const fetchWaitMs = 500
const bytesMax = 1_048_576

serve<WatchSettings>(async ({ brokers, topic, count }) => {
  const { topicId, leaders } = await connectToLeaders(brokers, topic)
  const seenMs = new Float64Array(count + 1)
  let seen = 0
  const stopping = new AbortController()
  const see = (value: Buffer | null, atMs: number): void => {
    const n = value ? numberOf(value.toString('latin1', 0, 20)) : -1
    if (n < 1 || n > count || seenMs[n] !== 0) return
    seenMs[n] = atMs
    if (++seen === count) tell({ kind: 'seen', times: [...seenMs] })
  }
  const follow = async ({ connection, partitions }: Leader): Promise<void> => {
    const next = new Map(partitions.map((partition) => [partition, 0n]))
    while (!stopping.signal.aborted) {
      const places = [...next].map(([partition, fetchOffset]) => ({
        partition,
        currentLeaderEpoch: -1,
        fetchOffset,
        lastFetchedEpoch: -1,
        partitionMaxBytes: bytesMax,
      }))
      const topics = [{ topicId, partitions: places }]
      const answer = await fetchV15.api.async(connection, fetchWaitMs, 1, bytesMax, 0, 0, -1, topics, [], '')
      const atMs = Number(process.hrtime.bigint()) / 1e6
      for (const { partitionIndex, records } of answer.responses.flatMap((response) => response.partitions))
        for (const batch of records ?? []) {
          for (const { value } of batch.records) see(value, atMs)
          next.set(partitionIndex, batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n)
        }
    }
  }
  const following = Promise.all(leaders.map(follow))
  following.catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })
  return {
    go() {},
    async stop() {
      stopping.abort()
      await following
      await Promise.all(leaders.map(({ connection }) => connection.close()))
    },
  }
})
