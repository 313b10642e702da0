// A service under full load: as many connections as told, each doing one business transaction after the other.
import type { PoolClient } from 'pg'
import { type BusinessSettings, openBusiness } from './business.js'
import { serve, tell } from './serve.js'

/** The first argument, as JSON. */
export interface EnqueueSettings extends BusinessSettings {
  readonly seconds: number
}

/** Not counted: compilers and caches warm up. */
const warmUpMs = 1500

serve<EnqueueSettings>(async (settings) => {
  const business = await openBusiness(settings)
  let begun = 0
  let committed = 0
  const work = async (client: PoolClient, untilMs: number): Promise<void> => {
    while (performance.now() < untilMs) {
      await business.transact(client, ++begun)
      committed++
    }
  }
  return {
    async go() {
      const startMs = performance.now() + warmUpMs
      const untilMs = startMs + settings.seconds * 1000
      let before = 0
      const warm = setTimeout(() => {
        before = committed
        tell({ kind: 'warm' })
      }, warmUpMs)
      await Promise.all(business.clients.map((client) => work(client, untilMs)))
      clearTimeout(warm)
      tell({ kind: 'counted', transactions: committed - before, total: committed, ms: performance.now() - startMs })
    },
    stop: () => business.close(),
  }
})
