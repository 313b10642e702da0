import type { Arm } from './arm.js'
import { Worker } from './worker.js'

/** The wire adapter alone, without a database: what the Kafka side of this machine can take from one Node process. */
export const limitArm: Arm = {
  name: 'limit',
  async prepare() {},
  async start({ servers, name, topic, warm, counted, profiles }) {
    const worker = await Worker.start({
      name,
      module: 'limit-process.js',
      settings: { brokers: servers.brokers, topic, count: warm + counted },
      folder: servers.folder,
      profile: profiles && `${profiles}/${name}.cpuprofile`,
    })
    return {
      pids: [worker.pid],
      go: () => worker.go(),
      mustRun: () => worker.mustRun(),
      settled: async () => {
        await worker.heard('sent', 30_000)
      },
      stop: () => worker.stop(),
    }
  },
}
