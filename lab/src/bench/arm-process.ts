import { until } from '../cluster/until.js'
import type { Place, Running } from './arm.js'
import { Worker } from './worker.js'

/** Starts an arm that is one Node process: `module`, told the brokers and `settings`. `settled`: see `Running`. */
export async function startProcess(
  { servers, name, profiles }: Place,
  module: string,
  settings: object,
  settled: (worker: Worker) => Promise<unknown>,
): Promise<Running> {
  const worker = await Worker.start({
    name,
    module,
    settings: { brokers: servers.brokers, ...settings },
    folder: servers.folder,
    profile: profiles && `${profiles}/${name}.cpuprofile`,
  })
  return {
    pids: [worker.pid],
    go: () => worker.go(),
    mustRun: () => worker.mustRun(),
    settled: async () => {
      await settled(worker)
    },
    stop: () => worker.stop(),
  }
}

/** Resolves when the arm's table has no rows left. */
export function emptied({ servers, name }: Place, table: string, worker: Worker): Promise<unknown> {
  const isEmpty = async (): Promise<boolean> => {
    const [row] = await servers.postgres.query<{ rest: string }>(`SELECT count(*) AS rest FROM ${table}`, [], name)
    return row?.rest === '0'
  }
  return until(isEmpty, { what: `no rows in ${table}`, deadlineMs: 30_000, giveUp: () => worker.mustRun() })
}
