import type { RejectPolicy } from 'waybill'
import { oversized } from '../cases/causes.js'
import { judge } from '../oracle/oracle.js'
import { figuresOf, problemsOf } from '../oracle/verdict.js'
import type { Stage } from '../servers/stage.js'
import { World } from '../servers/world.js'

/** How one policy treated one message that Kafka refuses. */
export interface Poison {
  readonly policy: RejectPolicy
  readonly seconds: number
  /** What was seen while the topic's limit was low. */
  readonly said: string
  readonly problems: readonly string[]
}

interface Row {
  readonly number: number
  readonly key: string
  readonly lane: number
}

const ordinary = { transactions: 40 }

/**
 * One message is larger than the topic takes since its limit was lowered after the enqueue. `hold-key`: it and what comes after
 * it in its key wait, all else flows. `park`: it alone is set aside. `stop`: its lane stops. When the limit is put back and the relay
 * starts anew, everything that waited arrives in order.
 */
export async function provePoison(stage: Stage, seed: number, policy: RejectPolicy): Promise<Poison> {
  const startMs = performance.now()
  const world = await World.create(stage, { arm: 'waybill', seed, label: policy, ownPostgres: false })
  try {
    await (await world.startSender('before', ordinary)).endsWell()
    const poison = { transactions: 1, atOnce: 1, paddingBytes: oversized.paddingBytes, padded: 'first' } as const
    await (await world.startSender('poison', poison)).endsWell()
    await (await world.startSender('after', ordinary)).endsWell()
    const poisoned = await poisonedRow(world)
    const expected = await expectedToWait(world, policy, poisoned)
    await oversized.lower(world)
    const relay = await world.startRelay('relay', { onReject: policy })
    const problems: string[] = []
    await settled(world, policy, expected)
    const first = judge(world.topic, await world.ledger.books(), await world.readTopic())
    const parked = policy === 'park' ? [poisoned.number] : []
    problems.push(
      ...wrong('before the limit was put back', first, {
        waiting: policy === 'stop' ? first.waiting : expected,
        parked,
      }),
    )
    if (policy === 'stop') problems.push(...(await onlyOneLane(world, poisoned)))
    problems.push(...(await alertProblems(world, policy)))
    const said = `${first.waiting.length} of ${first.committed} wait, ${first.parked.length} set aside`
    await oversized.restore(world)
    await relay.stop()
    const mended = await world.startRelay('mended', { onReject: policy })
    await world.drained()
    await mended.stop()
    const last = judge(world.topic, await world.ledger.books(), await world.readTopic())
    problems.push(...wrong('at the end', last, { parked }))
    return { policy, seconds: (performance.now() - startMs) / 1000, said, problems }
  } finally {
    await world.close(true)
  }
}

async function poisonedRow(world: World): Promise<Row> {
  const [row, ...more] = await rowsOf(world, 'length(value) > $1', [oversized.paddingBytes])
  if (!row || more.length > 0) throw new Error('there is not exactly one message that is too large')
  return row
}

/** Numbers that must wait while the limit is low. */
async function expectedToWait(world: World, policy: RejectPolicy, poisoned: Row): Promise<readonly number[]> {
  if (policy === 'park') return []
  const [where, value] =
    policy === 'hold-key' ? ["convert_from(key, 'UTF8') = $1", poisoned.key] : ['lane = $1', poisoned.lane]
  const rows = await rowsOf(world, `${where} AND id >= (SELECT id FROM waybill.outbox WHERE length(value) > $2)`, [
    value,
    oversized.paddingBytes,
  ])
  return rows.map(({ number }) => number)
}

async function rowsOf(world: World, where: string, values: readonly unknown[]): Promise<readonly Row[]> {
  const rows = await world.ledger.rows(
    `SELECT (convert_from(value, 'UTF8')::jsonb ->> 'number')::bigint AS number, convert_from(key, 'UTF8') AS key, lane
     FROM waybill.outbox WHERE ${where}`,
    values,
  )
  return rows.map((row) => ({ number: Number(row['number']), key: String(row['key']), lane: Number(row['lane']) }))
}

/**
 * Nothing moves any more but what must wait. A stopped lane may have sent a row that stands behind the poison in another
 * partition, so there at most those wait.
 */
function settled(world: World, policy: RejectPolicy, expected: readonly number[]): Promise<void> {
  return world.until(`what policy ${policy} leaves waiting, and its alert`, async () => {
    const { waiting, openFlights } = await world.ledger.progress()
    const isAlerted = (await world.ledger.alerts()).some(({ kind }) => kind === 'rejected')
    const isAll = policy === 'stop' ? waiting > 0 && waiting <= expected.length : waiting === expected.length
    return openFlights === 0 && isAll && isAlerted
  })
}

async function onlyOneLane(world: World, poisoned: Row): Promise<readonly string[]> {
  const rows = await rowsOf(world, 'true', [])
  const others = rows.filter(({ lane }) => lane !== poisoned.lane)
  const isThere = rows.some(({ number }) => number === poisoned.number)
  return [
    ...(others.length > 0 ? [`rows of other lanes wait: ${others.map(({ number }) => number).join(', ')}`] : []),
    ...(isThere ? [] : ['the refused message does not wait']),
  ]
}

/** Exactly one alert, and exactly as many attempts as the relay is allowed. */
async function alertProblems(world: World, policy: RejectPolicy): Promise<readonly string[]> {
  const alerts = await world.ledger.alerts()
  const table = policy === 'park' ? 'outbox_parked' : 'outbox_hold'
  const rows = await world.ledger.rows(`SELECT attempts, reason FROM waybill.${table}`)
  const problems: string[] = []
  if (alerts.length !== 1 || alerts[0]?.kind !== 'rejected') problems.push(`alerts: ${JSON.stringify(alerts)}`)
  const [row] = rows
  if (rows.length !== 1 || Number(row?.['attempts']) !== 3 || !String(row?.['reason']).includes('MESSAGE_TOO_LARGE'))
    problems.push(`attempts: ${JSON.stringify(rows)}`)
  return problems
}

function wrong(
  when: string,
  findings: ReturnType<typeof judge>,
  expected: Parameters<typeof problemsOf>[1],
): readonly string[] {
  const figures = Object.entries(figuresOf(findings)).filter(([, count]) => count > 0)
  const counted = figures.map(([name, count]) => `${name}=${count}`)
  return [...counted, ...problemsOf(findings, expected)].map((text) => `${when}: ${text}`)
}
