// Reads a topic to its end twice with one client, as fast as it can, without handling anything; the second time counts.
import { serve, tell } from '../serve.js'
import { Count, type FetchSettings } from './arm.js'
import { readWith } from './node-readers.js'

serve<FetchSettings>(async (settings) => {
  await readAll(settings, `${settings.name}-first`)
  return {
    async go() {
      tell({ kind: 'read', ms: await readAll(settings, `${settings.name}-second`) })
    },
    async stop() {},
  }
})

async function readAll(settings: FetchSettings, group: string): Promise<number> {
  const count = new Count(settings.count)
  const stop = await readWith(settings, group, count)
  const ms = await count.done
  await stop()
  return ms
}
