// A service with a steady rate of business transactions, whatever the answers take (open loop), which notes when each commit was
// acknowledged.
import type { PoolClient } from 'pg'
import { type Business, type BusinessSettings, openBusiness } from './business.js'
import { DirectSender } from './direct-sender.js'
import { serve, tell } from './serve.js'

/** The first argument, as JSON. */
export interface LoadSettings extends BusinessSettings {
  /** Transactions a second. */
  readonly rate: number
  readonly count: number
  /** The limit: committed messages are sent from memory. */
  readonly direct: boolean
}

serve<LoadSettings>(async (settings) => {
  const { brokers, topic, direct } = settings
  const business = await openBusiness(settings)
  const failed = (error: unknown): void => {
    console.error(error)
    process.exit(1)
  }
  const sender = direct ? await DirectSender.open(brokers, topic, failed) : undefined
  return {
    async go() {
      const { times, ms, late } = await steadyLoad(business, settings, (n) => sender?.send(n))
      tell({ kind: 'committed', late, ms, times: [...times] })
    },
    async stop() {
      await sender?.close()
      await business.close()
    },
  }
})

interface Load {
  /** When each commit was acknowledged. */
  readonly times: Float64Array
  readonly ms: number
  /** Most transactions that were due and had to wait for a free connection. */
  readonly late: number
}

function steadyLoad(business: Business, { rate, count }: LoadSettings, committed: (n: number) => void): Promise<Load> {
  const free = [...business.clients]
  const times = new Float64Array(count + 1)
  const startMs = machineMs()
  let begun = 0
  let ended = 0
  let late = 0
  return new Promise((resolve, reject) => {
    const transact = async (client: PoolClient, n: number): Promise<void> => {
      await business.transact(client, n)
      times[n] = machineMs()
      committed(n)
      free.push(client)
      if (++ended < count) return
      clearInterval(timer)
      resolve({ times, ms: machineMs() - startMs, late })
    }
    const beginDue = (): void => {
      const due = Math.min(count, Math.floor(((machineMs() - startMs) * rate) / 1000))
      for (let client = free.pop(); client; client = free.pop()) {
        if (begun >= due) {
          free.push(client)
          return
        }
        transact(client, ++begun).catch(reject)
      }
      late = Math.max(late, due - begun)
    }
    // It fires every millisecond or two; what is due by then goes out together.
    const timer = setInterval(beginDue, 1)
  })
}

/** Linux's CLOCK_MONOTONIC, the same in every process of a machine. */
function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
