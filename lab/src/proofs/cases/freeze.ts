import { Client } from 'pg'
import type { FailpointName } from 'waybill/testing'
import { between } from '../seeded.js'
import type { Arm } from '../servers/business.js'
import type { World } from '../servers/world.js'
import { lanes, relayOptions } from '../workers/scene.js'
import type { Worker } from '../workers/worker.js'
import { hasLanes } from './kill.js'
import { bothArms, type ProofCase } from './proof-case.js'

const waybillOnly: readonly Arm[] = ['waybill']
const hitMax = 6
/** Transactions that a zombie meets when it wakes up. */
const moreTransactions = 20
/** Rows that a frozen usual relay keeps locked. */
const lockedMax = relayOptions.batchRowsMax ?? 0

const points: readonly (readonly [FailpointName, readonly Arm[]])[] = [
  ['claim:before-commit', waybillOnly],
  ['claim:after-commit', bothArms],
  ['send:before-write', bothArms],
  ['send:after-answer', bothArms],
  ['mark:before-commit', bothArms],
  ['mark:after-commit', waybillOnly],
]

/** SIGSTOP of an owner past its lease while another one takes over, and CONT: the zombie goes on where it stood. */
export const freezeCases: readonly ProofCase[] = [
  ...points.map(
    ([failpoint, arms]): ProofCase => ({
      name: `freeze ${failpoint} past the lease`,
      hurts: 'processes',
      arms,
      run: (world) => freeze(world, failpoint),
    }),
  ),
  { name: 'freeze at any moment past the lease', hurts: 'processes', arms: bothArms, run: (world) => freeze(world) },
  { name: 'freeze inside the transaction that takes lanes', hurts: 'processes', arms: waybillOnly, run: freezeInTake },
]

async function freeze(world: World, failpoint?: FailpointName): Promise<undefined> {
  const survivor = await world.startRelay('survivor')
  await hasLanes(world, survivor, lanes)
  const hit = between(world.random, 1, hitMax)
  const victim = await world.startRelay('victim', failpoint ? { doom: { failpoint, hit, ending: 'freeze' } } : {})
  await victim.waitUntil('its share', () => world.arm === 'naive' || victim.lanes.length > 0)
  const sender = await world.startSender('sender', { pauseMs: failpoint ? 15 : 40 })
  if (failpoint) await victim.meetFate()
  else await freezeMidway(world, victim)
  await sender.endsWell()
  await outlived(world, survivor, victim)
  const news = victim.laneNews
  victim.thaw()
  if (world.arm === 'waybill')
    await world.until('the zombie understands and has lanes again', async () => {
      return victim.laneNews > news && (await world.ledger.lanesOf(victim.owner)) > 0
    })
  await (await world.startSender('later', { transactions: moreTransactions })).endsWell()
  await world.drained()
  await Promise.all([survivor.stop(), victim.stop()])
}

/**
 * The transaction has the lanes' rows and waits for its next statement, which never comes: PostgreSQL keeps those locks for as
 * long as the connection stands, and a stopped process's connection stands for hours. Others must get the lanes all the same.
 */
async function freezeInTake(world: World): Promise<undefined> {
  const locker = new Client({ connectionString: world.database })
  await locker.connect()
  await locker.query('BEGIN')
  await locker.query('LOCK TABLE waybill.outbox_flight IN ACCESS EXCLUSIVE MODE')
  const victim = await world.startRelay('victim')
  await world.until('a take that waits', async () => {
    const [row] = await world.ledger.rows('SELECT count(*) AS n FROM pg_locks WHERE NOT granted')
    return Number(row?.['n']) > 0
  })
  victim.freeze()
  await locker.query('COMMIT')
  await locker.end()
  const survivor = await world.startRelay('survivor')
  await (await world.startSender()).endsWell()
  await world.drained()
  victim.thaw()
  await world.until('the zombie has lanes', async () => (await world.ledger.lanesOf(victim.owner)) > 0)
  await (await world.startSender('later', { transactions: moreTransactions })).endsWell()
  await world.drained()
  await Promise.all([survivor.stop(), victim.stop()])
}

async function freezeMidway(world: World, victim: Worker): Promise<void> {
  const rows = between(world.random, 20, 100)
  world.notes.push(`at ${rows} rows`)
  await world.until('enough rows', async () => (await world.ledger.progress()).committed >= rows)
  victim.freeze()
}

/** The survivor has done all that can be done, and the zombie's leases are over. */
async function outlived(world: World, survivor: Worker, victim: Worker): Promise<void> {
  if (world.arm === 'naive')
    return world.until('rows that nobody locks', async () => (await world.ledger.progress()).waiting <= lockedMax)
  await world.until('the survivor has all lanes', async () => (await world.ledger.lanesOf(survivor.owner)) === lanes)
  await world.drained()
  await world.until('the end of its leases', () => victim.frozenMs > (relayOptions.leaseMs ?? 0))
}
