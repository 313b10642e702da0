// The arrivals board's consumer, a process of its own: each message's effect and the memory that it was handled commit in
// one SQLite transaction; the offset moves afterwards. kill -9 at any moment neither loses nor doubles an effect.
import { createWaybill, jsonLog } from 'waybill'
import type { WaybillEvent } from 'waybill'
import { fromSqlite, sqlite } from 'waybill/sqlite'
import { arriving, connectBoard, openBoard } from './board.js'
import { fail, leave, tellParent } from './messages.js'
import { type Flight, arrivalsGroup, topic, workers } from './scene.js'

/** The first argument, as JSON. */
export interface ArrivalsSettings {
  readonly board: string
  readonly brokers: readonly string[]
  /** Each so-manieth flight takes longer to handle. */
  readonly slowEvery: number
  /** After a power loss of the broker the consumer reports what is gone and goes on; by default it would stop there. */
  readonly onLoss: 'stop' | 'continue'
}

const backoffMaxMs = 500

function onEvent(event: WaybillEvent): void {
  if (event.kind === 'finding' || event.kind === 'handler-failed') tellParent({ kind: 'event', event })
}

async function run({ board, brokers, slowEvery, onLoss }: ArrivalsSettings): Promise<void> {
  const database = openBoard(board)
  const arrive = arriving(database, slowEvery)
  const waybill = createWaybill({
    brokers,
    store: sqlite(connectBoard(board)),
    transactions: fromSqlite(database),
    log: jsonLog('warn'),
    onEvent,
  })
  process.once('SIGTERM', () => {
    waybill.stop().then(() => leave({ kind: 'stopped' }, 0), fail)
  })
  await waybill.start()
  tellParent({ kind: 'ready' })
  const consumer = await waybill.consume({
    group: arrivalsGroup,
    topics: [topic],
    workers,
    inbox: true,
    onLoss,
    backoffMaxMs,
    handle: (message) => arrive(message.json<Flight>()),
  })
  await consumer.closed
}

run(JSON.parse(process.argv[2] ?? '{}') as ArrivalsSettings).catch(fail)
