import { until } from '../cluster/until.js'
import type { Arm } from './arm.js'
import { fillTable, run } from './fill.js'
import type { ClientName } from './handwritten-client.js'
import { Worker } from './worker.js'

/** The table that the tutorials show. */
export const handwrittenTable = 'CREATE TABLE outbox (id bigserial PRIMARY KEY, key text NOT NULL, value text NOT NULL)'
/** Its insert, with `k` and `v` as in `fillTable`. */
const insert = 'INSERT INTO outbox (key, value) VALUES (k, v)'

/** The usual relay, written by hand, on the given client. `clientFolder`: where the compiled client is installed. */
export function handwrittenArm(client: ClientName, clientFolder: string | undefined): Arm {
  return {
    name: 'handwritten',
    async prepare({ servers, name, warm, counted }) {
      const url = await servers.createDatabase(name)
      await run(url, [handwrittenTable])
      await fillTable(url, insert, warm + counted)
    },
    async start({ servers, name, topic, profiles }) {
      const worker = await Worker.start({
        name,
        module: 'handwritten-process.js',
        settings: { brokers: servers.brokers, database: servers.postgres.urlOf(name), topic, client, clientFolder },
        folder: servers.folder,
        profile: profiles && `${profiles}/${name}.cpuprofile`,
      })
      const isEmpty = async (): Promise<boolean> => {
        const [row] = await servers.postgres.query<{ rest: string }>('SELECT count(*) AS rest FROM outbox', [], name)
        return row?.rest === '0'
      }
      return {
        pids: [worker.pid],
        go: () => worker.go(),
        mustRun: () => worker.mustRun(),
        settled: async () => {
          await until(isEmpty, { what: 'an empty table', deadlineMs: 30_000, giveUp: () => worker.mustRun() })
        },
        stop: () => worker.stop(),
      }
    },
  }
}
