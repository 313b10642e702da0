// A member of the group, a process of its own: each message has one effect in the board's database; its fate comes with the
// settings.
import { setTimeout as sleep } from 'node:timers/promises'
import { createWaybill, jsonLog } from 'waybill'
import type { Waybill } from 'waybill'
import type { SqliteHandle } from 'waybill/sqlite'
import { fromSqlite, sqlite } from 'waybill/sqlite'
import { fail, leave, tellParent } from '../start/messages.js'
import type { Flight } from '../start/scene.js'
import { connect } from './booking.js'
import { type Fate, failpointsOf } from '../proofs/workers/fate.js'
import { consumeOptions, deadTopic, group, isPoison, topic } from './scene.js'

/** The first argument, as JSON. */
export interface ConsumerSettings {
  readonly board: string
  readonly brokers: readonly string[]
  readonly fate?: Fate
  /** False: the naive arm, whose effects have a transaction of their own. */
  readonly inbox: boolean
  /** Flights that are poison go to the dead-letter topic, and get their effect from there. */
  readonly deadLetters: boolean
}

const insertEffect = 'INSERT INTO effect (number, origin) VALUES (?, ?)'
/** Work of a handler: enough for commits to fall between messages. */
const workMs = 2

async function run({ board, brokers, fate, inbox, deadLetters }: ConsumerSettings): Promise<void> {
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
  const late = deadLetters ? await handleDeadLetters(board, brokers) : undefined
  process.once('SIGTERM', () => {
    Promise.all([waybill.stop(), late?.stop()])
      .then(() => leave({ kind: 'tally', acknowledged: 0, unanswered: 0 }, 0))
      .catch(fail)
  })
  await waybill.start()
  const consumer = await waybill.consume({
    ...consumeOptions,
    ...(deadLetters && ({ onFailure: 'dead-letter', maxAttempts: 1, brakePercent: 100 } as const)),
    group,
    topics: [topic],
    inbox,
    handle: async (message, { tx }) => {
      const { number, origin } = JSON.parse(message.text()) as Flight
      if (deadLetters && isPoison(number)) throw new Error(`flight ${number} is poison`)
      await sleep(workMs)
      if (inbox) tx.prepare(insertEffect).run([number, origin])
      else own.prepare(insertEffect).run([number, origin])
    },
  })
  tellParent({ kind: 'ready' })
  await consumer.closed
}

/** Another group reads the dead letters; the inbox knows the message of each by its id, so that one sent twice has one effect. */
async function handleDeadLetters(board: string, brokers: readonly string[]): Promise<Waybill<SqliteHandle>> {
  const waybill = createWaybill<SqliteHandle>({
    brokers,
    store: sqlite(connect(board)),
    transactions: fromSqlite(connect(board)),
    log: jsonLog('warn'),
  })
  await waybill.start()
  await waybill.consume({
    ...consumeOptions,
    group: `${group}-late`,
    topics: [deadTopic],
    inbox: true,
    handle: (message, { tx }) => {
      const { number, origin } = JSON.parse(message.text()) as Flight
      tx.prepare(insertEffect).run([number, origin])
    },
  })
  return waybill
}

run(JSON.parse(process.argv[2] ?? '{}') as ConsumerSettings).catch(fail)
