// A sender, a process of its own: books until the database holds enough flights or it is asked to stop; its fate comes with
// the settings.
import { setTimeout as sleep } from 'node:timers/promises'
import { fail, leave, tellParent } from '../start/messages.js'
import { Booking } from './booking.js'
import { type Fate, failpointsOf } from '../proofs/workers/fate.js'

/** The first argument, as JSON. */
export interface SenderSettings {
  readonly database: string
  readonly brokers: readonly string[]
  readonly fate?: Fate
  /** It ends when the newest flight has this number or a higher one. */
  readonly toNumber: number
}

/** Between two transactions, for others to write. */
const pauseMs = 5

async function run({ database, brokers, fate, toNumber }: SenderSettings): Promise<void> {
  const booking = await Booking.open({ database, brokers, failpoints: failpointsOf(fate) })
  tellParent({ kind: 'ready' })
  const asked = new AbortController()
  process.once('SIGTERM', () => asked.abort())
  let transactions = 1
  while ((await booking.book()) < toNumber && !asked.signal.aborted) {
    transactions++
    await sleep(pauseMs)
  }
  await booking.close()
  leave({ kind: 'done', committed: transactions, takenBack: 0 }, 0)
}

run(JSON.parse(process.argv[2] ?? '{}') as SenderSettings).catch(fail)
