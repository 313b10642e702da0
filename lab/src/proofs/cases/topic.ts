import { type Findings, judge } from '../oracle/oracle.js'
import type { Arm } from '../servers/business.js'
import type { World } from '../servers/world.js'
import { applied, everywhere, ours } from './causes.js'
import type { Ending, ProofCase } from './proof-case.js'

const waybillOnly: readonly Arm[] = ['waybill']

/** The topic is deleted and created again under the same name while the relay works. What was in it is gone by intention. */
export const topicCases: readonly ProofCase[] = [
  { name: 'topic re-created while rows wait', hurts: 'processes', arms: waybillOnly, run: whileRowsWait },
  {
    name: 'topic re-created under open flights, stop',
    hurts: 'processes',
    arms: waybillOnly,
    run: (world) => underFlights(world, 'stop'),
  },
  {
    name: 'topic re-created under open flights, resend',
    hurts: 'processes',
    arms: waybillOnly,
    run: (world) => underFlights(world, 'resend'),
  },
]

const someTransactions = { transactions: 30 }

/** Orders go on while there is no topic: they wait, spend no attempts, and all of them come, in order. */
async function whileRowsWait(world: World): Promise<Ending> {
  const relay = await world.startRelay('relay', { onReject: 'park' })
  const before = await firstPart(world)
  await world.stage.admin.deleteTopic(world.topic)
  await (await world.startSender('meanwhile', someTransactions)).endsWell()
  await world.createTopic()
  await (await world.startSender('afterwards', someTransactions)).endsWell()
  await world.drained()
  await relay.stop()
  return { findings: merged(before.findings, await secondPart(world, before.numbers)) }
}

/**
 * Flights are open that the old topic may have taken, and nothing can tell any more. `stop`: they wait under an open alert, and
 * nothing is lost or doubled; `resend`: everything is in the new topic.
 */
async function underFlights(world: World, unresolved: 'stop' | 'resend'): Promise<Ending> {
  const relay = await world.startRelay('relay', { relay: { unresolved }, onReject: 'park' })
  const before = await firstPart(world)
  const lost = everywhere(world, (proxy) => proxy.dropResponses({ ...ours(world), count: 1_000, connection: 'hang' }))
  await (await world.startSender('meanwhile', someTransactions)).endsWell()
  await applied(lost, 1, 'lost answers')
  await world.stage.admin.deleteTopic(world.topic)
  await world.createTopic()
  for (const rule of lost) rule.cancel()
  if (unresolved === 'resend') await world.drained()
  else await stuck(world)
  await relay.stop()
  const findings = merged(before.findings, await secondPart(world, before.numbers))
  return { findings, waiting: findings.waiting }
}

/** Every open flight is one that cannot be resolved, and each of them has its alert; all other streams are empty. */
async function stuck(world: World): Promise<void> {
  await world.until('nothing but unresolved flights and what waits behind them', async () => {
    const [row] = await world.ledger.rows(
      `SELECT (SELECT count(*) FROM waybill.outbox_flight) AS flights,
       (SELECT count(*) FROM waybill.outbox_alert WHERE kind = 'unresolved' AND resolved_at IS NULL) AS alerts,
       (SELECT count(*) FROM waybill.outbox o WHERE NOT EXISTS (SELECT 1 FROM waybill.outbox_flight f WHERE f.lane = o.lane))
       AS free`,
    )
    return Number(row?.['flights']) > 0 && row?.['flights'] === row?.['alerts'] && Number(row?.['free']) === 0
  })
  const [row] = await world.ledger.rows('SELECT count(*) AS n FROM waybill.outbox_flight')
  world.notes.push(`${String(row?.['n'])} streams stopped`)
}

/** A run up to an empty outbox, judged by itself. */
async function firstPart(world: World): Promise<{ findings: Findings; numbers: ReadonlySet<number> }> {
  await (await world.startSender('before', someTransactions)).endsWell()
  await world.drained()
  const books = await world.ledger.books()
  const findings = judge(world.topic, books, await world.readTopic())
  return { findings, numbers: new Set(books.orders.map(({ number }) => number)) }
}

/** What came after the first part, in the topic of now. */
async function secondPart(world: World, earlier: ReadonlySet<number>): Promise<Findings> {
  const books = await world.ledger.books()
  const isLater = ({ number }: { readonly number: number }): boolean => !earlier.has(number)
  const later = { ...books, orders: books.orders.filter(isLater), sent: books.sent?.filter(isLater) }
  return judge(world.topic, later, await world.readTopic())
}

/** The findings of two topics, one after the other. */
function merged(a: Findings, b: Findings): Findings {
  return {
    committed: a.committed + b.committed,
    records: a.records + b.records,
    receipts: a.receipts + b.receipts,
    lost: [...a.lost, ...b.lost],
    duplicates: [...a.duplicates, ...b.duplicates],
    reordered: [...a.reordered, ...b.reordered],
    wrongReceipts: [...a.wrongReceipts, ...b.wrongReceipts],
    phantoms: [...a.phantoms, ...b.phantoms],
    altered: [...a.altered, ...b.altered],
    unaccounted: [...a.unaccounted, ...b.unaccounted],
    waiting: b.waiting,
    parked: b.parked,
  }
}
