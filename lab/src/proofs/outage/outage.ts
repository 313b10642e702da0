import { setTimeout as sleep } from 'node:timers/promises'
import { judge } from '../oracle/oracle.js'
import { type Figures, figuresOf, problemsOf } from '../oracle/verdict.js'
import { Stage } from '../servers/stage.js'
import { World } from '../servers/world.js'
import { type Poison, provePoison } from './poison.js'
import { WebhookReceiver } from './webhook-receiver.js'

/** How the outage went. */
export interface Outage extends Figures {
  readonly seconds: number
  readonly committed: number
  /** Rows that waited when the brokers came back. */
  readonly backlog: number
  /** From then until nothing waited. */
  readonly drainedSeconds: number
  readonly parked: number
  /** Definite rejections that the store has counted at any time. */
  readonly attempts: number
  readonly alerts: readonly string[]
  readonly delivered: readonly string[]
  readonly problems: readonly string[]
}

/** The whole proof. */
export interface OutageProof {
  readonly holds: boolean
  readonly line: string
  readonly outage: Outage
  readonly poisons: readonly Poison[]
}

/** Nothing here is shortened: the relay has waybill's defaults, so that the figures are those of a user. */
const drainDeadlineMs = 180_000
const policies = ['hold-key', 'park', 'stop'] as const

/** All brokers down for a while; then one message that Kafka refuses, with each policy. */
export async function proveOutage(
  { seed, downMs, words }: { seed: number; downMs: number; words: readonly string[] },
  say: (line: string) => void,
): Promise<OutageProof> {
  const stage = await Stage.start()
  let isSound = false
  try {
    const outage = await down(stage, seed, downMs, say)
    say(describeOutage(outage))
    const poisons: Poison[] = []
    for (const policy of policies.filter((name) => words.every((word) => name.includes(word)))) {
      const poison = await provePoison(stage, seed, policy)
      say(describePoison(poison))
      poisons.push(poison)
    }
    const proof = summary(outage, poisons)
    isSound = proof.holds
    return proof
  } finally {
    await stage.close(!isSound)
  }
}

async function down(stage: Stage, seed: number, downMs: number, say: (line: string) => void): Promise<Outage> {
  const world = await World.create(stage, { arm: 'waybill', seed, label: 'outage', ownPostgres: false })
  const receiver = await WebhookReceiver.listen()
  world.atEnd(() => receiver.close())
  const { ledger } = world
  try {
    const webhook = { url: receiver.url, secret: receiver.secret }
    const relay = await world.startRelay('relay', { usesDefaults: true, onReject: 'park', webhook })
    const sender = await world.startSender('sender', { transactions: 1_000_000, atOnce: 2, pauseMs: 20 })
    await world.until('a relay at work', async () => (await ledger.progress()).sent >= 50)
    const { nodes } = stage.kafka
    await Promise.all(nodes.map((node) => node.kill()))
    say(`all three brokers killed, the service goes on for ${downMs / 1000} s`)
    const committedBefore = (await ledger.progress()).committed
    const attempts = await watchAttempts(world, downMs)
    const backlog = (await ledger.progress()).waiting
    const during = (await ledger.progress()).committed - committedBefore
    await Promise.all(nodes.map((node) => node.launch()))
    await stage.kafka.ready()
    const upMs = performance.now()
    say(`brokers back, ${backlog} rows wait, ${during} were committed meanwhile`)
    sender.askToStop()
    await sender.endsWell()
    await world.drained(drainDeadlineMs)
    const drainedSeconds = (performance.now() - upMs) / 1000
    await world.until('the alert resolved and delivered', async () => {
      return (await ledger.alerts()).every(({ resolved }) => resolved) && resolvedOf(receiver) > 0
    })
    await relay.stop()
    const findings = judge(world.topic, await ledger.books(), await world.readTopic())
    const problems = [...problemsOf(findings), ...(during === 0 ? ['nothing was committed meanwhile'] : [])]
    const unsigned = receiver.deliveries.filter(({ isSigned }) => !isSigned).length
    if (unsigned > 0) problems.push(`${unsigned} deliveries without a true signature`)
    return {
      seconds: downMs / 1000,
      committed: findings.committed,
      backlog,
      drainedSeconds,
      parked: findings.parked.length,
      attempts,
      ...figuresOf(findings),
      alerts: (await ledger.alerts()).map(
        ({ kind, cause, resolved }) => `${kind} (${cause}) ${resolved ? 'resolved' : 'open'}`,
      ),
      delivered: receiver.distinct().map(({ state, kind }) => `${kind} ${state}`),
      problems,
    }
  } catch (error) {
    throw new Error(`the outage failed as an experiment; the relay said last:\n${world.lastWords()}`, { cause: error })
  } finally {
    await world.close(true)
  }
}

/** Looks every second whether a row was refused or set aside; answers how many at most. */
async function watchAttempts(world: World, downMs: number): Promise<number> {
  const endMs = performance.now() + downMs
  let most = 0
  while (performance.now() < endMs) {
    const [row] = await world.ledger.rows(
      `SELECT (SELECT coalesce(sum(attempts), 0) FROM waybill.outbox_hold)
       + (SELECT coalesce(sum(attempts), 0) FROM waybill.outbox_parked) AS attempts`,
    )
    most = Math.max(most, Number(row?.['attempts']))
    await sleep(Math.min(1_000, Math.max(0, endMs - performance.now())))
  }
  return most
}

function resolvedOf(receiver: WebhookReceiver): number {
  return receiver.distinct().filter(({ state }) => state === 'resolved').length
}

function describeOutage(outage: Outage): string {
  const { alerts, delivered, backlog, drainedSeconds, problems } = outage
  const lines = [
    `backlog of ${backlog} drained ${drainedSeconds.toFixed(1)} s after the brokers were back`,
    `alerts: ${alerts.join(', ')}; delivered: ${delivered.join(', ')}`,
    ...problems,
  ]
  return lines.join('\n      ')
}

/** One line about a policy. */
function describePoison({ policy, problems, said, seconds }: Poison): string {
  const state = problems.length === 0 ? 'ok   ' : 'BAD  '
  return [
    `${state} poison, ${policy}: ${said} (${seconds.toFixed(1)} s)`,
    ...problems.map((problem) => `      ${problem}`),
  ].join('\n')
}

/** The last line, and whether all of it holds: one alert, opened and resolved, delivered once each. */
export function summary(outage: Outage, poisons: readonly Poison[]): OutageProof {
  const { lost, duplicates, reordered, wrongReceipts, parked, attempts, alerts, delivered } = outage
  const opened = delivered.filter((text) => text.endsWith('opened')).length
  const resolved = delivered.filter((text) => text.endsWith('resolved')).length
  const isClean = lost + duplicates + reordered + wrongReceipts + parked + attempts + outage.problems.length === 0
  const isTold = alerts.length === 1 && opened === 1 && resolved === 1
  const poisoned = poisons.map(({ policy, problems }) => `${policy}=${problems.length === 0 ? 'ok' : 'bad'}`).join(' ')
  const line = [
    `PROOF outage seconds=${outage.seconds} committed=${outage.committed} parked=${parked} attempts=${attempts}`,
    `alerts=${alerts.length} opened=${opened} resolved=${resolved}`,
    `lost=${lost} duplicates=${duplicates} reordered=${reordered} wrong-receipts=${wrongReceipts}`,
    poisoned,
  ].join(' ')
  const holds = isClean && isTold && poisons.every(({ problems }) => problems.length === 0)
  return { holds, line, outage, poisons }
}
