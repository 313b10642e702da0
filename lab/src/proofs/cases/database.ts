import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { PostgresProxy } from '../../faults/postgres-proxy.js'
import { postgresPrograms } from '../../cluster/postgres-programs.js'
import { judge } from '../oracle/oracle.js'
import { between } from '../seeded.js'
import type { Arm } from '../servers/business.js'
import type { World } from '../servers/world.js'
import { bothArms, type Ending, type ProofCase } from './proof-case.js'

const waybillOnly: readonly Arm[] = ['waybill']
const slowly = { pauseMs: 40 }
const endlessly = { transactions: 1_000_000, ...slowly }
/** Numbers of orders after a restore start here, so that none has the number of one that the database has lost. */
const afterRestore = 1_000_000

/** What happens to the database, and between it and its clients. */
export const databaseCases: readonly ProofCase[] = [
  { name: 'PostgreSQL killed in the middle of a mark', hurts: 'postgres', arms: bothArms, run: killedInMark },
  { name: 'PostgreSQL killed three times', hurts: 'postgres', arms: bothArms, run: killedThrice },
  ...[true, false].flatMap((deliver): ProofCase[] => [
    {
      name: `commit of the service cut ${deliver ? 'after' : 'before'} the server saw it`,
      hurts: 'processes',
      arms: bothArms,
      run: (world) => commitCut(world, deliver),
    },
    {
      name: `mark of the relay cut ${deliver ? 'after' : 'before'} the server saw it`,
      hurts: 'processes',
      arms: bothArms,
      run: (world) => markCut(world, deliver),
    },
    {
      name: `claim of the relay cut ${deliver ? 'after' : 'before'} the server saw it`,
      hurts: 'processes',
      arms: waybillOnly,
      run: (world) => claimCut(world, deliver),
    },
  ]),
  { name: 'database restored from a dump', hurts: 'postgres', arms: bothArms, run: (world) => restored(world, dump) },
  {
    name: 'database restored from a base backup, new timeline',
    hurts: 'postgres',
    arms: bothArms,
    run: (world) => restored(world, pointInTime),
  },
  {
    name: 'database restored from a base backup, same timeline',
    hurts: 'postgres',
    arms: bothArms,
    run: (world) => restored(world, baseBackup),
  },
]

/** The statement that takes the rows out of the outbox is under way in the server when all its processes die. */
async function killedInMark(world: World): Promise<undefined> {
  await (await world.startSender()).endsWell()
  const locker = new Client({ connectionString: world.database })
  locker.on('error', () => undefined)
  await locker.connect()
  const table = world.arm === 'naive' ? 'plain_outbox' : 'waybill.outbox_sent'
  await locker.query('BEGIN')
  await locker.query(`LOCK TABLE ${table} IN SHARE MODE`)
  const relay = await world.startRelay('relay')
  await world.until('a mark that waits', async () => {
    const [row] = await world.ledger.rows('SELECT count(*) AS n FROM pg_locks WHERE NOT granted')
    return Number(row?.['n']) > 0
  })
  await world.postgres.kill()
  await locker.end().catch(() => undefined)
  await world.postgres.restart()
  await world.drained()
  await relay.stop()
}

async function killedThrice(world: World): Promise<undefined> {
  const relay = await world.startRelay('relay')
  const sender = await world.startSender('sender', slowly)
  for (const rows of [20, 60, 110].map((at) => at + between(world.random, 0, 20))) {
    await world.until('enough rows', async () => (await world.ledger.progress()).committed >= rows)
    await world.postgres.kill()
    await world.postgres.restart()
  }
  await sender.endsWell()
  await world.drained()
  await relay.stop()
}

/** A proxy of the case's own in front of PostgreSQL. */
async function proxied(world: World): Promise<{ proxy: PostgresProxy; database: string }> {
  const proxy = await PostgresProxy.listen({ targetPort: world.postgres.port })
  world.atEnd(() => proxy.close())
  return { proxy, database: proxy.urlOf(world.topic) }
}

const cuts = 5
/** The name under which the server keeps the statement of a usual turn of marks and claims. */
const usualTurn = 'waybill advance-usual'

/** The service cannot know whether its order was placed, and its client orders again. */
async function commitCut(world: World, deliver: boolean): Promise<undefined> {
  const { proxy, database } = await proxied(world)
  const relay = await world.startRelay('relay')
  const cut = proxy.cutAtCommit({ deliver, count: cuts })
  const sender = await world.startSender('sender', { database })
  await cut.happened()
  await sender.endsWell()
  await world.drained()
  await relay.stop()
}

/** The relay cannot know whether its rows are out of the outbox. The usual relay ends its transaction with a commit. */
async function markCut(world: World, deliver: boolean): Promise<undefined> {
  const { proxy, database } = await proxied(world)
  const relay = await world.startRelay('relay', { database })
  await relay.waitReady()
  const cut =
    world.arm === 'naive'
      ? proxy.cutAtBytes({ deliver, count: cuts, bytes: 'DELETE' })
      : proxy.cutAtBytes({ deliver, count: cuts, bytes: ['"kind":"mark"', usualTurn] })
  await finish(world, () => cut.happened(), relay)
}

async function claimCut(world: World, deliver: boolean): Promise<undefined> {
  const { proxy, database } = await proxied(world)
  const relay = await world.startRelay('relay', { database })
  const cut = proxy.cutAtBytes({ deliver, count: cuts, bytes: ['"kind":"claim"', usualTurn] })
  await finish(world, () => cut.happened(), relay)
}

async function finish(
  world: World,
  happened: () => Promise<void>,
  relay: { stop(): Promise<void> },
): Promise<undefined> {
  const sender = await world.startSender()
  await happened()
  await sender.endsWell()
  await world.drained()
  await relay.stop()
}

/** Waits for so many more committed rows. */
async function committedMore(world: World, more: number): Promise<void> {
  const { committed } = await world.ledger.progress()
  await world.until(`${more} more rows`, async () => (await world.ledger.progress()).committed >= committed + more)
}

/** Takes a backup now; the returned function puts it in the place of the database. */
type Backup = (world: World) => Promise<() => Promise<void>>

/**
 * A backup is taken in the middle of the run, when the relay has been frozen for a moment, so that rows wait and flights are open; later the database is lost and the backup put in its place while the relay lives.
 * Orders placed after the backup are the database's loss, and so are their messages in the topic: they are counted apart. All
 * that the restored database knows must be in the topic once, whether it was sent before or after the loss.
 */
async function restored(world: World, backUp: Backup): Promise<Ending> {
  const relay = await world.startRelay('relay')
  const sender = await world.startSender('sender', endlessly)
  await committedMore(world, 60)
  relay.freeze()
  await committedMore(world, 40)
  // Now, while the relay sleeps: after the restore it may be through with them before anybody looks. All are sent before that.
  const sentAgain = (await world.ledger.books()).waiting.length
  const restore = await backUp(world)
  relay.thaw()
  await committedMore(world, 60)
  sender.askToStop()
  await sender.endsWell()
  await world.drained()
  const before = await world.ledger.books()
  await restore()
  await world.ledger.rows(`SELECT setval('order_number', ${afterRestore})`)
  await (await world.startSender('later', { transactions: 30 })).endsWell()
  await world.drained()
  await relay.stop()
  const after = await world.ledger.books()
  const kept = new Set(after.orders.map(({ number }) => number))
  const gone = new Set(before.orders.map(({ number }) => number).filter((number) => !kept.has(number)))
  world.notes.push(`${gone.size} orders lost by the database, ${sentAgain} waiting in the backup had been sent`)
  if (gone.size === 0 || sentAgain === 0) throw new Error('the backup is not from the middle of the run')
  const records = (await world.readTopic()).filter(({ value }) => !gone.has(numberIn(value)))
  return { findings: judge(world.topic, after, records) }
}

function numberIn(value: string | null): number {
  return (JSON.parse(value ?? '{}') as { number?: number }).number ?? -1
}

/** pg_dump and pg_restore into a new database of the same name. */
const dump: Backup = async (world) => {
  const file = join(world.folder, 'backup.dump')
  const program = (name: string): string => join(postgresPrograms(), name)
  await promisify(execFile)(program('pg_dump'), ['-Fc', '-f', file, '-d', world.database])
  return async () => {
    const { postgres, topic } = world
    await postgres.query(`ALTER DATABASE ${topic} RENAME TO lost`).catch(async () => {
      await postgres.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${topic}'`)
    })
    await world.until('the old database out of the way', async () => {
      await postgres.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${topic}'`)
      await postgres.query(`DROP DATABASE IF EXISTS ${topic}`)
      return true
    })
    // Filled under another name: nobody may write before all is there.
    await postgres.query('CREATE DATABASE filling')
    await promisify(execFile)(program('pg_restore'), ['-d', postgres.urlOf('filling'), file])
    await postgres.query(`ALTER DATABASE filling RENAME TO ${topic}`)
  }
}

/** pg_basebackup, put back as it is. */
const baseBackup: Backup = async (world) => {
  const folder = join(world.folder, 'backup')
  await world.postgres.backup(folder)
  return () => world.postgres.restoreFrom(folder)
}

/** The same, recovered as an operator recovers from an archive: PostgreSQL begins a new timeline. */
const pointInTime: Backup = async (world) => {
  const restore = await baseBackup(world)
  const folder = join(world.folder, 'backup')
  await writeFile(join(folder, 'recovery.signal'), '')
  await promisify(execFile)('sh', ['-c', `echo "restore_command = 'false'" >> '${join(folder, 'postgresql.conf')}'`])
  return async () => {
    await restore()
    await sleep(200)
    await world.until('the end of recovery', async () => {
      const [row] = await world.ledger.rows('SELECT pg_is_in_recovery() AS yes')
      return row?.['yes'] === false
    })
  }
}
