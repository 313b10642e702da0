// A service under full load: as many connections as told, each doing one business transaction after the other.
import type { PoolClient } from 'pg'
import { type BusinessSettings, openBusiness } from './business.js'
import { serve, tell } from './serve.js'

/** The first argument, as JSON. */
export interface EnqueueSettings extends BusinessSettings {
  readonly seconds: number
}

/** Transactions before the counted ones: after 2000 the compiler is still at work on the longer path (measured). */
const warmUpTransactions = 5000
const warmUpMsMax = 20_000

serve<EnqueueSettings>(async (settings) => {
  const business = await openBusiness(settings)
  let begun = 0
  let committed = 0
  const work = async (client: PoolClient, isOver: () => boolean): Promise<void> => {
    while (!isOver()) {
      await business.transact(client, ++begun)
      committed++
    }
  }
  const workUntil = (isOver: () => boolean): Promise<unknown> =>
    Promise.all(business.clients.map((client) => work(client, isOver)))
  return {
    async go() {
      const latestMs = performance.now() + warmUpMsMax
      await workUntil(() => committed >= warmUpTransactions || performance.now() > latestMs)
      tell({ kind: 'warm' })
      const before = committed
      const startMs = performance.now()
      await workUntil(() => performance.now() - startMs > settings.seconds * 1000)
      tell({ kind: 'counted', transactions: committed - before, total: committed, ms: performance.now() - startMs })
    },
    stop: () => business.close(),
  }
})
