import type { Arm } from './arm.js'
import { startProcess } from './arm-process.js'

/** The wire adapter alone, without a database: what the Kafka side of this machine can take from one Node process. */
export const limitArm: Arm = {
  name: 'limit',
  async prepare() {},
  start(place) {
    const { topic, warm, counted } = place
    const settings = { topic, count: warm + counted }
    return startProcess(place, 'limit-process.js', settings, (worker) => worker.heard('sent', 30_000))
  },
}
