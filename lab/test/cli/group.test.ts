// `waybill group status` and `waybill group lag` against the embedded broker: what people on call see, and what programs get.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Connection, joinGroupV9, offsetCommitV9, syncGroupV5 } from '@platformatic/kafka'
import { freePorts } from '../../src/cluster/free-ports.js'
import { withConnection } from '../../src/cluster/readiness.js'
import { until } from '../../src/cluster/until.js'
import { Admin } from '../contract/admin.js'
import { waybill } from './daemon.js'
import { deadTopic, group, GroupStage, topic } from './group-stage.js'

const deadlineMs = 20_000

interface Partition {
  readonly topic: string
  readonly partition: number
  readonly position: number | null
  readonly end: number | null
  readonly lag: number | null
  readonly handledAhead: number
  readonly unhandled: number | null
  readonly progress: string
  readonly oldest: { readonly offset: number; readonly at: string; readonly ageMs: number } | null
  readonly loss: { readonly kind: string; readonly at?: string; readonly inMs?: number; readonly offsets?: number }
  readonly owner: { readonly clientId: string; readonly host: string } | null
  readonly troubles: readonly string[]
}

interface Status {
  readonly schema: number
  readonly protocol: string
  readonly state: string
  readonly epoch: number
  readonly coordinator: { readonly nodeId: number; readonly port: number }
  readonly members: readonly {
    readonly clientId: string
    readonly instanceId: string | null
    readonly assigned: readonly { readonly topic: string; readonly partitions: readonly number[] }[]
  }[]
  readonly totals: Readonly<Record<string, number>>
  readonly partitions: readonly Partition[]
  readonly deadLetters: readonly { readonly topic: string; readonly count: number | null; readonly redriven: number }[]
}

const values = Array.from({ length: 10 }, (_, at) => `v${at}`)

test('what is handled above the committed offset is told apart from what is really unhandled, with its age and the time to its loss', async (t) => {
  const { stage } = await GroupStage.open(t, 2)
  await stage.send(values.map((value) => ({ key: value, value })))
  const waits: (() => void)[] = []
  // Offset 2 does not end; the others are handled around it.
  const { running } = await stage.consume({
    handle: (message) => (message.text() === 'v2' ? new Promise<void>((go) => waits.push(go)) : undefined),
  })
  const look = async (): Promise<Status | false> => {
    const seen = await stage.json<Status>(['status', '--group', group], [0, 3])
    return seen.totals.handledAhead === 7 && seen
  }
  const seen = await until(look, { what: 'progress in the commit', deadlineMs })
  const [first, second] = seen.partitions
  assert.ok(first && second)
  const { oldest, loss, owner, ...rest } = first
  assert.deepEqual(rest, {
    ...{ topic, partition: 0, position: 2, logStart: 0, end: 10, lag: 8, handledAhead: 7, unhandled: 1 },
    ...{ progress: 'read', troubles: [] },
  })
  assert.equal(oldest?.offset, 2)
  assert.ok(oldest.ageMs >= 0 && oldest.ageMs < deadlineMs)
  assert.equal(loss.kind, 'at')
  const retentionMs = 7 * 86_400_000
  assert.equal(Date.parse(loss.at ?? ''), Date.parse(oldest.at) + retentionMs)
  assert.equal(owner?.clientId, 'waybill')
  assert.deepEqual([seen.protocol, seen.state, seen.members.length, seen.schema], ['consumer', 'Stable', 1, 1])
  assert.deepEqual(seen.members[0]?.assigned, [{ topic, partitions: [0, 1] }])
  assert.deepEqual(seen.coordinator.port, Number(stage.bootstrap.split(':')[1]))

  const { stdout, code } = await stage.run('status', '-g', group)
  assert.match(stdout, /^group +billing: Stable, 1 member, KIP-848, epoch \d+/m)
  assert.match(stdout, /^lag +8 in \d partitions: 7 handled ahead of the commit, 1 unhandled/m)
  assert.match(stdout, /^oldest +unhandled for .*: orders\/0 offset 2$/m)
  assert.match(stdout, /^orders\/0 +2 +10 +8 +7 +1 /m)
  for (const line of stdout.split('\n')) assert.ok(line.length <= 100, `${line.length} columns: ${line}`)
  assert.ok(code === 0 || code === 3)
  const lag = await stage.run('lag', '--group', group)
  assert.match(lag.stdout, /^orders\/0 +2 +10 +8 +7 +1 +.* \(offset 2\) +6 d/m)
  waits.forEach((go) => go())
  await running.stop()
  const { totals, state } = await stage.json<Status>(['status', '--group', group], [0, 3])
  assert.deepEqual([state, totals.unhandled, totals.unread], ['Empty', 0, 2])
})

test('all groups in one line each, both protocols and those that only committed; what is not known is not 0', async (t) => {
  const { stage, broker } = await GroupStage.open(t)
  assert.match((await stage.run('status')).stdout, /^no group, or none that this user may see/)
  await stage.send(values.map((value) => ({ value })))
  await stage.consume({ handle: () => undefined })
  await withConnection(broker.port, async (connection) => {
    await joinConsumer(connection, 'old')
    await commit(connection, 'script', 4, 'mark of another tool')
  })
  const look = async (): Promise<Listed | false> => {
    const seen = await stage.json<Listed>(['status'])
    return seen.groups.find((each) => each.group === group)?.lag === 0 && seen
  }
  const { groups } = await until(look, { what: 'an idle consumer', deadlineMs })
  assert.deepEqual(
    groups.map(({ group: name, protocol, members, lag }) => [name, protocol, members, lag]),
    [
      [group, 'consumer', 1, 0],
      ['old', 'classic', 1, 0],
      ['script', 'classic', 0, 6],
    ],
  )
  const script = await stage.json<Status>(['status', '--group', 'script'])
  assert.deepEqual(
    script.partitions.map(({ lag, handledAhead, progress, unhandled }) => [lag, handledAhead, progress, unhandled]),
    [[6, 0, 'foreign', 6]],
  )
  const old = await stage.json<Status>(['status', '--group', 'old'], [3])
  assert.deepEqual(old.members[0]?.assigned, [{ topic, partitions: [0] }])
  assert.deepEqual([old.partitions[0]?.position, old.partitions[0]?.lag, old.totals.unknown], [null, null, 1])
  assert.equal(old.partitions[0]?.loss.kind, 'unknown')
})

interface Listed {
  readonly groups: readonly {
    readonly group: string
    readonly protocol: string
    readonly members: number | null
    readonly lag: number | null
  }[]
}

test('a position that retention has overtaken is told as a loss, before anything else', async (t) => {
  const { stage, broker } = await GroupStage.open(t)
  await stage.send(values.map((value) => ({ value })))
  await withConnection(broker.port, (connection) => commit(connection, 'script', 2, ''))
  await new Admin(broker.port).deleteRecords(topic, 0, 5)
  const [partition] = (await stage.json<Status>(['lag', '--group', 'script'])).partitions
  assert.deepEqual(partition?.loss, { kind: 'overtaken', offsets: 3 })
  assert.equal(partition.oldest?.offset, 5)
  const { stdout } = await stage.run('status', '--group', 'script')
  assert.match(stdout, /^loss +LOST: retention deleted 3 offsets that were not handled: orders\/0$/m)
})

test('dead letters of the group are counted on its screen', async (t) => {
  const { stage } = await GroupStage.open(t)
  await stage.createTopic(deadTopic)
  await stage.send(values.map((value) => ({ value })))
  const { events } = await stage.consume({
    ...{ onFailure: 'dead-letter', maxAttempts: 1 },
    handle: (message) => {
      if (message.text() === 'v3') throw new Error('poison')
    },
  })
  const isDead = async (): Promise<boolean> => events.some(({ kind }) => kind === 'dead-lettered')
  await until(isDead, { what: 'a dead letter', deadlineMs, everyMs: 20 })
  const { deadLetters } = await stage.json<Status>(['status', '--group', group], [0, 3])
  assert.deepEqual(deadLetters, [{ topic: deadTopic, of: topic, count: 1, redriven: 0 }])
  const { stdout } = await stage.run('status', '--group', group)
  assert.match(stdout, /^dead +1 in orders\.billing\.dead \(waybill group dead list --group billing --topic orders\)$/m)
})

test('a group that is not there, brokers that are not, and calls that cannot be meant are told with what to do', async (t) => {
  const { stage } = await GroupStage.open(t)
  const unknown = await stage.run('status', '--group', 'nobody')
  assert.equal(unknown.code, 1)
  assert.match(unknown.stderr, /there is no group nobody: see its name in waybill group status/)
  const coded = await stage.run('status', '--group', 'nobody', '-o', 'json')
  assert.equal((JSON.parse(coded.stderr) as { error: { code: string } }).error.code, 'WB_KAFKA_REFUSED')
  const [port] = await freePorts(1)
  const nowhere = await waybill(['group', 'status', '--brokers', `127.0.0.1:${port}`], {})
  assert.equal(nowhere.code, 1)
  assert.match(nowhere.stderr, /WB_KAFKA_UNREACHABLE.*ECONNREFUSED/)
  for (const [args, message] of [
    [['lag'], /--group is missing/],
    [['status', '--group', ''], /--group is missing/],
    [['peek'], /group takes status/],
    [['status', '-o', 'xml'], /must be table or json/],
  ] as const) {
    const { code, stderr } = await stage.run(...args)
    assert.equal(code, 2, args.join(' '))
    assert.match(stderr, message)
  }
  const without = await waybill(['group', 'status'], {})
  assert.equal(without.code, 2)
  assert.match(without.stderr, /--brokers \(or WAYBILL_BROKERS\) is missing/)
})

/** Joins as the only classic consumer of the topic; it stays a member for its session of 30 s. */
async function joinConsumer(connection: Connection, name: string): Promise<void> {
  const subscription = Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 1]), short(topic), Buffer.alloc(4)])
  const enter = (memberId: string): Promise<unknown> =>
    joinGroupV9.api.async(
      ...([connection, name, 30_000, 30_000, memberId, null, 'consumer'] as const),
      [{ name: 'range', metadata: subscription }],
      null,
    )
  const named: unknown = await enter('').catch((error: unknown) => (error as { response?: unknown }).response)
  const { memberId } = named as { memberId: string }
  const { generationId } = (await enter(memberId)) as { generationId: number }
  const assignment = Buffer.concat([
    Buffer.from([0, 0, 0, 0, 0, 1]),
    short(topic),
    Buffer.from([0, 0, 0, 1, 0, 0, 0, 0]),
    Buffer.alloc(4),
  ])
  await syncGroupV5.api.async(...([connection, name, generationId, memberId, null, 'consumer', 'range'] as const), [
    { memberId, assignment },
  ])
}

function short(text: string): Buffer {
  const length = Buffer.alloc(2)
  length.writeInt16BE(text.length)
  return Buffer.concat([length, Buffer.from(text)])
}

/** Commits as a tool without a membership does. */
async function commit(connection: Connection, name: string, offset: number, committedMetadata: string): Promise<void> {
  const place = { partitionIndex: 0, committedOffset: BigInt(offset), committedLeaderEpoch: -1, committedMetadata }
  await offsetCommitV9.api.async(connection, name, -1, '', null, [{ name: topic, partitions: [place] }])
}
