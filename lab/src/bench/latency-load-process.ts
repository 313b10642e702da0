// A service with a steady rate of business transactions, whatever the answers take (open loop), which notes when each commit was
// acknowledged.
import type { PoolClient } from 'pg'
import { type BusinessSettings, openBusiness } from './business.js'
import { serve, tell } from './serve.js'

/** The first argument, as JSON. */
export interface LoadSettings extends BusinessSettings {
  /** Transactions a second. */
  readonly rate: number
  readonly count: number
}

serve<LoadSettings>(async (settings) => {
  const { rate, count } = settings
  const business = await openBusiness(settings)
  const free = [...business.clients]
  const committedMs = new Float64Array(count + 1)
  let begun = 0
  let underWay = 0
  let late = 0
  const transact = async (client: PoolClient, n: number): Promise<void> => {
    underWay++
    await business.transact(client, n)
    committedMs[n] = machineMs()
    underWay--
    free.push(client)
  }
  const failures: unknown[] = []
  return {
    async go() {
      const startMs = machineMs()
      while (begun < count || underWay > 0) {
        if (failures.length > 0) throw failures[0]
        const due = Math.min(count, Math.floor(((machineMs() - startMs) * rate) / 1000))
        while (begun < due) {
          const client = free.pop()
          if (!client) {
            late = Math.max(late, due - begun)
            break
          }
          transact(client, ++begun).catch((error: unknown) => failures.push(error))
        }
        // A timer wakes within a millisecond or two; what is due by then goes out together.
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
      tell({ kind: 'committed', late, ms: machineMs() - startMs, times: [...committedMs] })
    },
    stop: () => business.close(),
  }
})

/** Linux's CLOCK_MONOTONIC, the same in every process of a machine. */
function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
