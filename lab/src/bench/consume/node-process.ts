// A consumer in Node: waybill, kafkajs or the compiled client, told by its settings which.
import { serve } from '../serve.js'
import type { ConsumerSettings, Task } from './arm.js'
import { consumeWith, type Stop } from './node-clients.js'
import { Tally } from './tally.js'

const warmDeadlineMs = 60_000

serve<ConsumerSettings>(async (settings) => {
  if (settings.warm) await warmUp(settings, settings.warm)
  const { task } = settings
  const tally = new Tally(task.count, settings.record)
  let stop: Stop = async () => undefined
  return {
    async go() {
      stop = await consumeWith(settings, task, tally)
    },
    async stop() {
      await stop()
      tally.close()
    },
  }
})

async function warmUp(settings: ConsumerSettings, warm: Task): Promise<void> {
  let done = (): void => {}
  const finished = new Promise<void>((resolve) => {
    done = resolve
  })
  const timer = setTimeout(() => {
    console.error(`the warm-up did not end within ${warmDeadlineMs} ms`)
    process.exit(1)
  }, warmDeadlineMs)
  let left = warm.count
  const handle = (): undefined => {
    if (--left === 0) done()
  }
  const stop = await consumeWith(settings, warm, { handle, assigned: () => undefined })
  await finished
  clearTimeout(timer)
  await stop()
}
