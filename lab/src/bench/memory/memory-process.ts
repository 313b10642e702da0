// waybill with slow handlers in front of a large backlog; tells each second what it holds in memory.
import { setTimeout as sleep } from 'node:timers/promises'
import { createWaybill, jsonLog } from 'waybill'
import { serve, tell } from '../serve.js'

/** The first argument, as JSON. */
export interface MemorySettings {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly group: string
  readonly workers: number
  readonly workMs: number
  readonly batch: number
  readonly bufferBytesMax: number
}

const everyMs = 1_000

serve<MemorySettings>(async ({ brokers, topic, group, workers, workMs, batch, bufferBytesMax }) => {
  const waybill = createWaybill({ brokers, log: jsonLog('warn') })
  await waybill.start()
  let handled = 0
  const handle = async (): Promise<void> => {
    await sleep(workMs)
    handled++
  }
  const look = (): void => {
    const { rss, heapUsed, external } = process.memoryUsage()
    tell({ kind: 'memory', rss, heapUsed, external, handled })
  }
  let timer: NodeJS.Timeout | undefined
  return {
    async go() {
      tell({ kind: 'before', rss: process.memoryUsage().rss })
      await waybill.consume({ group, topics: [topic], workers, batch, bufferBytesMax, handle })
      timer = setInterval(look, everyMs)
    },
    async stop() {
      clearInterval(timer)
      await waybill.stop()
    },
  }
})
