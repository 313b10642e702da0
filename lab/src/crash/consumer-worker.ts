// A member of the group, a process of its own: each message has one effect in the board's database; its fate comes with the
// settings.
import { setTimeout as sleep } from 'node:timers/promises'
import { createWaybill, jsonLog } from 'waybill'
import type { SqliteHandle } from 'waybill/sqlite'
import { fromSqlite, sqlite } from 'waybill/sqlite'
import { fail, leave, tellParent } from '../start/messages.js'
import type { Flight } from '../start/scene.js'
import { connect } from './booking.js'
import { type Fate, failpointsOf } from '../proofs/workers/fate.js'
import { consumeOptions, group, topic } from './scene.js'

/** The first argument, as JSON. */
export interface ConsumerSettings {
  readonly board: string
  readonly brokers: readonly string[]
  readonly fate?: Fate
  /** False: the naive arm, whose effects have a transaction of their own. */
  readonly inbox: boolean
}

const insertEffect = 'INSERT INTO effect (number, origin) VALUES (?, ?)'
/** Work of a handler: enough for commits to fall between messages. */
const workMs = 2

async function run({ board, brokers, fate, inbox }: ConsumerSettings): Promise<void> {
  const own = connect(board)
  const transactions = fromSqlite(own)
  const waybill = createWaybill<SqliteHandle>({
    brokers,
    store: sqlite(connect(board)),
    transactions,
    log: jsonLog('warn'),
    failpoints: failpointsOf(fate),
    onEvent: (event) => {
      if (event.kind === 'assigned' || event.kind === 'revoked' || event.kind === 'lost')
        tellParent({ kind: 'event', event })
    },
  })
  process.once('SIGTERM', () => {
    waybill
      .stop()
      .then(() => leave({ kind: 'tally', acknowledged: 0, unanswered: 0 }, 0))
      .catch(fail)
  })
  await waybill.start()
  const consumer = await waybill.consume({
    ...consumeOptions,
    group,
    topics: [topic],
    inbox,
    handle: async (message, { tx }) => {
      const { number, origin } = JSON.parse(message.text()) as Flight
      await sleep(workMs)
      if (inbox) tx.prepare(insertEffect).run([number, origin])
      else own.prepare(insertEffect).run([number, origin])
    },
  })
  tellParent({ kind: 'ready' })
  await consumer.closed
}

run(JSON.parse(process.argv[2] ?? '{}') as ConsumerSettings).catch(fail)
