import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Broker, createBroker } from '@waybill/broker'
import pg from 'pg'
import { createWaybill, silentLog, type Waybill } from 'waybill'
import { fromPg, type PgClient } from 'waybill/pg'
import { postgres } from 'waybill/postgres'
import { type PostgresServer, startPostgres } from '../../src/cluster/postgres-server.js'
import { until } from '../../src/cluster/until.js'
import { TopicReader } from '../../src/start/topic-reader.js'
import { Admin } from '../contract/admin.js'
import { Daemon, waybill } from './daemon.js'

const lanes = 12
const deadlineMs = 60_000
const fast = ['--set', 'leaseMs=2000', '--set', 'drainMs=1000']
const topic = 'orders'
const small = 'small'

interface World {
  readonly server: PostgresServer
  readonly broker: Broker
  readonly env: Readonly<Record<string, string>>
}

let world: World | undefined

function here(): World {
  assert(world, 'before() made it')
  return world
}

/** A database of its own for each case, with the tables made by the command line. */
async function database(name: string): Promise<Readonly<Record<string, string>>> {
  const { server, broker } = here()
  const env = { WAYBILL_DATABASE: await server.createDatabase(name), WAYBILL_BROKERS: broker.bootstrap }
  const { code, stdout, stderr } = await waybill(
    ['migrate', '--source', name, '--lanes', String(lanes), '--execute'],
    env,
  )
  assert.equal(code, 0, stderr)
  assert.match(stdout, /12 lanes/)
  assert.doesNotMatch(stdout + stderr, /postgres:.*@/, 'no user in the output')
  return env
}

interface Status {
  readonly waiting: number
  readonly relays: readonly { readonly owner: string; readonly lanes: number }[]
  readonly lanes: { readonly unowned: number }
}

async function status(env: Readonly<Record<string, string>>): Promise<Status> {
  const { stdout, stderr, code } = await waybill(['status', '-o', 'json'], env)
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as Status
}

/** An application with a relay of its own. */
class Application {
  readonly #pool: pg.Pool
  readonly #waybill: Waybill<PgClient>
  #sent = 0

  constructor(env: Readonly<Record<string, string>>, source: string, relay: boolean) {
    this.#pool = new pg.Pool({ connectionString: env.WAYBILL_DATABASE, max: 10 })
    this.#pool.on('error', () => {})
    this.#waybill = createWaybill({
      ...{ source, lanes, brokers: [env.WAYBILL_BROKERS ?? ''], log: silentLog },
      ...{ store: postgres(this.#pool), transactions: fromPg(this.#pool) },
      ...{ relay: relay ? { leaseMs: 2_000 } : (false as const) },
      topics: { [small]: { maxMessageBytes: 1_000_000 } },
    })
  }

  start(): Promise<void> {
    return this.#waybill.start()
  }

  /** Commits `count` messages over twelve keys; values count up. */
  async send(count: number): Promise<void> {
    const values = Array.from({ length: count }, () => ++this.#sent)
    await this.#waybill.transaction((tx) =>
      this.#waybill.send(
        tx,
        values.map((value) => ({ topic, key: `k${value % 12}`, value })),
      ),
    )
  }

  async sendOne(to: string, value: string): Promise<void> {
    await this.#waybill.transaction((tx) => this.#waybill.send(tx, { topic: to, key: 'k', value }))
  }

  async waiting(): Promise<number> {
    return (await this.#waybill.backlog()).waiting
  }

  async close(): Promise<void> {
    await this.#waybill.stop()
    await this.#pool.end()
  }
}

/** Values in the topic that carry this source's header, by key, in offset order. */
async function delivered(source: string): Promise<ReadonlyMap<string, readonly number[]>> {
  const reader = new TopicReader([here().broker.bootstrap], topic)
  try {
    const byKey = new Map<string, number[]>()
    for (const { key, value, header } of await reader.readAll()) {
      if (key === null || !header?.includes(source)) continue
      byKey.set(key, [...(byKey.get(key) ?? []), Number(value)])
    }
    return byKey
  } finally {
    await reader.close()
  }
}

describe('waybill relay on PostgreSQL', () => {
  before(async () => {
    const topics = [
      { name: topic, partitions: 4 },
      { name: small, partitions: 1, configs: { 'max.message.bytes': '2000' } },
    ]
    const broker = await createBroker({ topics })
    try {
      world = { server: await startPostgres(), broker, env: {} }
    } catch (error) {
      await broker.close()
      throw error
    }
  })
  after(async () => {
    await world?.server.close()
    await world?.broker.close()
  })

  it('the plan is SQL that PostgreSQL takes, and it makes the tables that --execute makes', async () => {
    const { server } = here()
    const [planned, executed] = ['planned', 'executed']
    const env = { WAYBILL_DATABASE: await server.createDatabase(planned) }
    const args = ['migrate', '--source', 'x', '--lanes', '4', '--schema', 'post_box']
    const plan = await waybill([...args, '--plan'], env)
    assert.equal(plan.code, 0, plan.stderr)
    await server.query(plan.stdout, [], planned)
    const other = await waybill([...args, '--execute'], { WAYBILL_DATABASE: await server.createDatabase(executed) })
    assert.equal(other.code, 0, other.stderr)
    // Partitions made ahead are named after days; they come with the first relay or --execute.
    const text = `SELECT table_name, column_name, data_type FROM information_schema.columns
      WHERE table_schema LIKE 'post%' AND table_name !~ '[0-9]$' ORDER BY 1, 2`
    const columns = await server.query(text, [], planned)
    assert(columns.length > 50)
    assert.deepEqual(columns, await server.query(text, [], executed))
  })

  it('a role without rights and a database that does not exist are told with what to do', async () => {
    const { server } = here()
    const env = await database('denied')
    await server.query('CREATE ROLE reader LOGIN')
    const url = new URL(env.WAYBILL_DATABASE ?? '')
    url.username = 'reader'
    const args = ['--listen', 'none']
    const [look, relay, missing] = await Promise.all([
      waybill(['status'], { WAYBILL_DATABASE: url.href }),
      waybill(['relay', ...args], { ...env, WAYBILL_DATABASE: url.href }),
      waybill(['status'], { WAYBILL_DATABASE: server.urlOf('nowhere') }),
    ])
    for (const { code, stderr } of [look, relay]) {
      assert.equal(code, 1)
      assert.match(stderr, /WB_STORE_DENIED.*permission denied.*docs\/postgres\.md/)
    }
    assert.equal(missing.code, 1)
    assert.match(missing.stderr, /WB_STORE_UNREACHABLE.*"nowhere" does not exist/)
  })

  it('two daemons and a relay in the application share the lanes; one is killed -9, one stands still past its lease: their lanes are taken over', async () => {
    const env = await database('shop')
    const application = new Application(env, 'shop', true)
    const daemons = await Promise.all([Daemon.start(fast, env), Daemon.start(fast, env)])
    const [first, second] = daemons
    try {
      await application.start()
      const share = async (relays: number): Promise<Status> =>
        until(
          async () => {
            const now = await status(env)
            const even = now.relays.every((relay) => relay.lanes === lanes / relays)
            return now.relays.length === relays && even && now
          },
          { what: `${relays} relays with ${lanes / relays} lanes each`, deadlineMs },
        )
      await share(3)
      for (const daemon of daemons) await daemon.readyWhen('ready', (ready) => ready.ready && ready.lanesHeld === 4)
      const idle = await first.metrics()
      assert.deepEqual(
        ['waybill_acknowledged_total', 'waybill_lanes_held', 'waybill_lanes_unowned', 'waybill_outbox_waiting'].map(
          (name) => idle.get(name),
        ),
        [0, 4, 0, 0],
      )
      await application.send(600)
      await until(async () => (await application.waiting()) === 0, { what: 'all sent', deadlineMs })
      const counted = await Promise.all(daemons.map((daemon) => daemon.metrics()))
      for (const metrics of counted) {
        const acknowledged = metrics.get('waybill_acknowledged_total') ?? 0
        assert(acknowledged > 0 && acknowledged < 600, `one of three relays acknowledged ${acknowledged}`)
        assert.equal(metrics.get('waybill_time_in_outbox_seconds_count'), acknowledged)
        assert((metrics.get('waybill_time_in_outbox_seconds_sum') ?? 0) > 0)
        assert((metrics.get('waybill_publish_seconds_count') ?? 0) > 0)
        assert.equal(metrics.get('waybill_kafka_reachable'), 1)
        assert.equal(metrics.get('waybill_lease_losses_total'), 0)
      }
      await first.kill('SIGKILL')
      await application.send(600)
      await share(2)
      await second.readyWhen('half of the lanes', (ready) => ready.lanesHeld === lanes / 2)
      await until(async () => (await application.waiting()) === 0, { what: 'all sent after the kill', deadlineMs })
      const gauges = await second.metrics()
      assert.deepEqual(
        [
          'waybill_outbox_waiting',
          'waybill_outbox_oldest_age_seconds',
          'waybill_outbox_in_flight',
          'waybill_lanes_unowned',
        ].map((name) => gauges.get(name)),
        [0, 0, 0, 0],
      )
      second.signal('SIGSTOP')
      await share(1)
      await application.send(60)
      second.signal('SIGCONT')
      const noticed = async (): Promise<boolean> =>
        ((await second.metrics()).get('waybill_lease_losses_total') ?? 0) > 0
      await until(noticed, { what: 'the lanes that were lost meanwhile to be counted', deadlineMs })
      await share(2)
      await until(async () => (await application.waiting()) === 0, { what: 'all sent after the stop', deadlineMs })
      const { code, stderr } = await second.kill('SIGTERM')
      assert.equal(code, 0, stderr)
      await share(1)
      const values = [...(await delivered('shop')).values()]
      assert.equal(values.flat().length, 1_260, 'each message once')
      for (const key of values)
        assert.deepEqual(
          key,
          key.toSorted((a, b) => a - b),
          'in the order of its key',
        )
    } finally {
      for (const daemon of daemons) await daemon.kill('SIGKILL')
      await application.close()
    }
  })

  it('when PostgreSQL is killed the daemon lives, is not ready, and what only the store knows leaves /metrics', async () => {
    const { server } = here()
    const env = await database('outage')
    const daemon = await Daemon.start(fast, env)
    let late: Daemon | undefined
    const gauges = (metrics: ReadonlyMap<string, number>): string[] =>
      [...metrics.keys()].filter((name) => /^waybill_(outbox_|lanes$|lanes_unowned|alerts_open)/.test(name))
    try {
      await daemon.readyWhen('ready', (ready) => ready.ready)
      const healthy = await daemon.metrics()
      assert(gauges(healthy).includes('waybill_outbox_oldest_age_seconds'))
      assert.equal(healthy.get('waybill_store_up'), 1)
      await server.kill()
      const down = await daemon.readyWhen('not ready', (ready) => !ready.ready)
      assert.equal(down.status, 503)
      assert.match(down.reasons.join(), /store/)
      const during = await daemon.metrics()
      assert.deepEqual(gauges(during), [])
      assert.deepEqual([during.get('waybill_store_up'), during.get('waybill_acknowledged_total')], [0, 0])
      assert(await daemon.live())
      late = await Daemon.start(fast, env)
      const waits = await late.readyWhen('a daemon that starts meanwhile waits', (ready) => !ready.ready)
      assert.match(waits.reasons.join(), /starting/)
      const failed = await waybill(['status'], env)
      assert.equal(failed.code, 1)
      assert.match(failed.stderr, /WB_STORE_UNREACHABLE/)
      await server.launch()
      await server.ready()
      await daemon.readyWhen('ready again', (ready) => ready.ready)
      await late.readyWhen('ready, too', (ready) => ready.ready)
      const back = await daemon.metrics()
      assert.deepEqual(gauges(back), gauges(healthy))
      assert.match((await late.kill('SIGTERM')).stderr, /waiting for the database/)
      assert.equal((await daemon.kill('SIGTERM')).code, 0)
    } finally {
      await late?.kill('SIGKILL')
      await daemon.kill('SIGKILL')
    }
  })

  it('a message that Kafka refuses is parked, shown, requeued once the cause is mended, and its alert ends', async () => {
    const env = await database('refused')
    const application = new Application(env, 'refused', false)
    const daemon = await Daemon.start([...fast, '--on-reject', `${small}=park`, '--set', 'rejectAfter=1'], env)
    try {
      await application.start()
      await application.sendOne(small, 'x'.repeat(5_000))
      interface Parked {
        readonly parked: readonly { readonly id: number; readonly reason: string; readonly topic: string }[]
      }
      const found = await until(
        async () => {
          const { stdout } = await waybill(['parked', 'list', '-o', 'json'], env)
          return (JSON.parse(stdout) as Parked).parked[0]
        },
        { what: 'the parked message', deadlineMs },
      )
      assert.equal(found.topic, small)
      assert.match(found.reason, /MESSAGE_TOO_LARGE/)
      assert.match((await waybill(['alerts'], env)).stdout, /open +rejected/)
      assert.equal((await daemon.metrics()).get('waybill_outbox_parked'), 1)
      await new Admin(here().broker.port).alterTopic(small, { 'max.message.bytes': '100000' })
      const { stdout, stderr } = await waybill(['parked', 'requeue', '--id', String(found.id), '--execute'], env)
      assert.match(stdout, /requeued: 1/, stderr)
      // A second refusal, by a relay that has the old limit in its cache, would park it again.
      await until(async () => (await daemon.metrics()).get('waybill_acknowledged_total') === 1, {
        what: 'sent',
        deadlineMs,
      })
      const metrics = await daemon.metrics()
      assert.deepEqual(
        ['waybill_outbox_parked', 'waybill_outbox_waiting', 'waybill_alerts_open'].map((name) => metrics.get(name)),
        [0, 0, 0],
      )
      const note = await waybill(['status'], env)
      assert.match(note.stdout, /^last error +.*resolved: message [0-9a-f]{32} \(small, key k\) was refused/m)
    } finally {
      await daemon.kill('SIGKILL')
      await application.close()
    }
  })
})
