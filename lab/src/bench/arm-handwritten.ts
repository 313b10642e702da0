import type { Arm } from './arm.js'
import { emptied, startProcess } from './arm-process.js'
import { fillTable, run } from './fill.js'
import type { ClientName } from './handwritten-client.js'

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
    start(place) {
      const database = place.servers.postgres.urlOf(place.name)
      const settings = { database, topic: place.topic, client, clientFolder }
      return startProcess(place, 'handwritten-process.js', settings, (worker) => emptied(place, 'outbox', worker))
    },
  }
}
