import type { Arm } from './arm.js'
import { emptied, startProcess } from './arm-process.js'
import { fillOutbox, splitTransactions } from './fill-outbox.js'

/** waybill's relay as a process of its own. */
export const waybillArm: Arm = {
  name: 'waybill',
  async prepare({ servers, name, topic, warm, counted }) {
    const url = await servers.createDatabase(name)
    await fillOutbox(servers, url, topic, warm + counted)
    await splitTransactions(url)
  },
  start(place) {
    const settings = { database: place.servers.postgres.urlOf(place.name) }
    return startProcess(place, 'relay-process.js', settings, (worker) => emptied(place, 'waybill.outbox', worker))
  },
}
