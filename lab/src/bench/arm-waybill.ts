import { until } from '../cluster/until.js'
import type { Arm } from './arm.js'
import { fillOutbox, splitTransactions } from './fill-outbox.js'
import { Worker } from './worker.js'

/** waybill's relay as a process of its own. */
export const waybillArm: Arm = {
  name: 'waybill',
  async prepare({ servers, name, topic, warm, counted }) {
    const url = await servers.createDatabase(name)
    await fillOutbox(servers, url, topic, warm + counted)
    await splitTransactions(url)
  },
  async start({ servers, name, profiles }) {
    const worker = await Worker.start({
      name,
      module: 'relay-process.js',
      settings: { brokers: servers.brokers, database: servers.postgres.urlOf(name) },
      folder: servers.folder,
      profile: profiles && `${profiles}/${name}.cpuprofile`,
    })
    const isEmpty = async (): Promise<boolean> => {
      const [row] = await servers.postgres.query<{ rest: string }>(
        'SELECT count(*) AS rest FROM waybill.outbox',
        [],
        name,
      )
      return row?.rest === '0'
    }
    return {
      pids: [worker.pid],
      go: () => worker.go(),
      mustRun: () => worker.mustRun(),
      settled: async () => {
        await until(isEmpty, { what: 'an empty outbox', deadlineMs: 30_000, giveUp: () => worker.mustRun() })
      },
      stop: () => worker.stop(),
    }
  },
}
