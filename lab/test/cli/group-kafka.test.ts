// `waybill group` on real Kafka: the newest with both protocols and a killed redrive, the last Kafka 3, and rights that are missing.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { offsetCommitV9 } from '@platformatic/kafka'
import { type KafkaCluster, startKafka } from '../../src/cluster/kafka-cluster.js'
import { withConnection } from '../../src/cluster/readiness.js'
import { until } from '../../src/cluster/until.js'
import { password, type Right, SecureNode } from '../contract/secure-node.js'
import { type Ended, runHere } from './daemon.js'
import { deadTopic, group, GroupStage, topic } from './group-stage.js'

const deadlineMs = 60_000
const shortTimes = {
  'group.consumer.session.timeout.ms': '3000',
  'group.consumer.heartbeat.interval.ms': '300',
  'group.consumer.min.session.timeout.ms': '1000',
  'group.consumer.min.heartbeat.interval.ms': '100',
}
const redrive = ['dead', 'redrive', '--group', group, '--topic', topic, '--all'] as const

interface Status {
  readonly protocol: string
  readonly state: string
  readonly members: readonly { readonly assigned: readonly unknown[] }[]
  readonly totals: Readonly<Record<string, number>>
  readonly deadLetters: readonly { readonly count: number | null; readonly redriven: number }[]
  readonly partitions: readonly { readonly loss: { readonly kind: string }; readonly lag: number | null }[]
}

/** Facts go on in the next line where they are long. */
const unwrapped = (text: string): string => text.replaceAll(/\n +/g, ' ')

/** Commits as a tool without a membership does, once the group has a coordinator: the first question for it makes one. */
async function commit({ port }: GroupStage, at: number, name: string, offset: number): Promise<void> {
  await port.groupPositions(name)
  const place = { partitionIndex: 0, committedOffset: BigInt(offset), committedLeaderEpoch: -1, committedMetadata: '' }
  const topics = [{ name: topic, partitions: [place] }]
  const done = (): Promise<unknown> =>
    withConnection(at, (connection) => offsetCommitV9.api.async(connection, name, -1, '', null, topics))
  await until(done, { what: `a commit of ${name}`, deadlineMs })
}

describe('waybill group on Kafka 4.3.1', () => {
  let cluster: KafkaCluster | undefined
  before(async () => {
    cluster = await startKafka({ nodes: 1, properties: shortTimes })
  })
  after(() => cluster?.stop())

  it('a consumer with dead letters: status, lag, the way back, killed in the middle; every letter comes back once', async (t) => {
    const node = cluster?.node(1) ?? assert.fail('before() made it')
    const stage = new GroupStage(t, node.bootstrap)
    await stage.createTopic(topic, 3)
    await stage.createTopic(deadTopic, 3)
    const values = Array.from({ length: 60 }, (_, at) => ({ key: `k${at}`, value: `v${at}`, partition: at % 3 }))
    await stage.send(values)
    let mended = false
    const handled: string[] = []
    const { events } = await stage.consume({
      ...{ onFailure: 'dead-letter', maxAttempts: 1, brakePercent: 100 },
      handle: (message) => {
        if (!mended && Number(message.text().slice(1)) % 2 === 0) throw new TypeError('no such customer')
        handled.push(message.text())
      },
    })
    const dead = (): number => events.filter(({ kind }) => kind === 'dead-lettered').length
    await until(async () => dead() === 30, { what: '30 dead letters', deadlineMs })
    const look = async (): Promise<Status | false> => {
      const seen = await stage.json<Status>(['status', '--group', group], [0, 3])
      return seen.totals.unhandled === 0 && seen.totals.lag === 0 && seen
    }
    const seen = await until(look, { what: 'an idle group', deadlineMs })
    assert.deepEqual([seen.protocol, seen.state, seen.members.length, seen.totals.unread], ['consumer', 'Stable', 1, 0])
    assert.deepEqual(seen.deadLetters, [{ topic: deadTopic, of: topic, count: 30, redriven: 0 }])
    await commit(stage, node.port, 'script', 7)
    const script = await stage.json<Status>(['lag', '--group', 'script'], [0, 3])
    assert.deepEqual(
      script.partitions.map(({ lag, loss }) => [lag, loss.kind]),
      [
        [13, 'at'],
        [null, 'unknown'],
        [null, 'unknown'],
      ],
    )
    mended = true
    const first = stage.start(...redrive, '--execute')
    await until(async () => (await stage.records(topic)).length > 63, { what: 'a few copies', deadlineMs, everyMs: 5 })
    first.kill()
    await first.ended
    const last = await stage.run(...redrive, '--execute')
    assert.equal(last.code, 0, `${last.stderr}${last.stdout}`)
    const copies = (await stage.records(topic)).filter(({ headers }) => headers.length > 0)
    assert.equal(copies.length, 30)
    assert.equal(new Set(copies.map(({ headers }) => Buffer.from(headers.at(-1)?.[1] ?? []).toString())).size, 30)
    await until(async () => handled.length === 60, { what: 'all effects', deadlineMs })
    assert.deepEqual(new Set(handled), new Set(values.map(({ value }) => value)))
    assert.deepEqual(
      events.filter(({ kind }) => kind === 'finding'),
      [],
    )
    const after30 = await stage.json<Status>(['status', '--group', group], [0, 3])
    assert.deepEqual(after30.deadLetters, [{ topic: deadTopic, of: topic, count: 30, redriven: 30 }])
    const { stdout } = await stage.run('status')
    assert.match(
      stdout,
      /^billing +Stable +consumer +1 +3 +0\nbilling\.redrive +\w+ +consumer +\d +3 +0\nscript +Empty +classic +0 +1 +\d+\n$/m,
    )
  })
})

describe('waybill group on the last Kafka 3', () => {
  let cluster: KafkaCluster | undefined
  before(async () => {
    cluster = await startKafka({ nodes: 1, version: '3.9.1' })
  })
  after(() => cluster?.stop())

  it('groups, positions and what is lost are read the same way', async (t) => {
    const node = cluster?.node(1) ?? assert.fail('before() made it')
    const stage = new GroupStage(t, node.bootstrap)
    await stage.createTopic(topic, 1)
    await stage.send(Array.from({ length: 10 }, (_, at) => ({ value: `v${at}` })))
    await commit(stage, node.port, 'script', 4)
    const { groups } = await stage.json<{ readonly groups: readonly object[] }>(['status'])
    assert.deepEqual(groups, [
      { group: 'script', protocol: 'classic', state: 'Empty', members: 0, partitions: 1, lag: 6, trouble: null },
    ])
    const { partitions, state } = await stage.json<Status>(['status', '--group', 'script'])
    assert.deepEqual([state, partitions[0]?.lag, partitions[0]?.loss.kind], ['Empty', 6, 'at'])
    const unknown = await stage.run('lag', '--group', 'nobody')
    assert.equal(unknown.code, 1)
    assert.match(unknown.stderr, /there is no group nobody/)
    await stage.createTopic(deadTopic, 1)
    await stage.bury(2)
    const { stdout } = await stage.run('dead', 'list', '--group', group, '--topic', topic)
    assert.match(stdout, /^0:1 +orders\/0:1 +key-1 /m)
    for (let run = 0; run < 2; run++) {
      const back = await stage.run(...redrive, '--execute')
      assert.equal(back.code, 0, `${back.stderr}${back.stdout}`)
    }
    assert.equal((await stage.records(topic)).length, 12, 'two letters, two runs')
  })
})

describe('waybill group with rights that are missing', () => {
  const users = ['blind', 'watcher', 'redriver']
  const folder = mkdtempSync(join(tmpdir(), 'waybill-group-rights-'))
  const authority = join(folder, 'ca.pem')
  let started: SecureNode | undefined
  before(async () => {
    started = await SecureNode.start(users)
    writeFileSync(authority, started.authority())
  })
  after(async () => {
    await started?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const secure = (): SecureNode => started ?? assert.fail('before() made it')
  const as = (user: string, ...args: readonly string[]): Promise<Ended> =>
    runHere(['group', ...args, '--brokers', secure().bootstrap(), '--tls-ca', authority, '--sasl', 'PLAIN'], {
      WAYBILL_SASL_USER: user,
      WAYBILL_SASL_PASSWORD: password,
    })
  const right = (resource: Right['resource'], name: string, operation: Right['operation']): Right => {
    return { resource, name, operation }
  }

  it('the message names the right; what may not be seen is unknown and not zero; exactly the rights of the guide are enough', async (t) => {
    const node = secure()
    const stage = new GroupStage(t, node.node.bootstrap)
    await stage.createTopic(topic)
    await stage.createTopic(deadTopic)
    await stage.send(Array.from({ length: 10 }, (_, at) => ({ value: `v${at}` })))
    await stage.bury(2)
    await commit(stage, node.node.port, group, 4)
    const status = (): Promise<Ended> => as('watcher', 'status', '--group', group)
    const blind = await as('blind', 'status', '--group', group)
    assert.equal(blind.code, 1)
    assert.match(
      blind.stderr,
      /GROUP_AUTHORIZATION_FAILED: grant READ on the group \(DESCRIBE is enough to look at it\)/,
    )
    const none = await as('blind', 'status')
    assert.match(none.stdout, /^no group, or none that this user may see: that takes DESCRIBE/)

    await node.grant('watcher', [
      right('GROUP', group, 'DESCRIBE'),
      right('GROUP', `${group}.redrive`, 'DESCRIBE'),
      right('TOPIC', topic, 'DESCRIBE'),
    ])
    const half = await status()
    assert.equal(half.code, 3, half.stderr)
    assert.match(half.stdout, /^lag +6 in 1 partition: 0 handled ahead of the commit, 6 unhandled$/m)
    assert.match(
      unwrapped(half.stdout),
      /^loss +unknown: orders\/0: retention: TOPIC_AUTHORIZATION_FAILED: grant DESCRIBE_CONFIGS on the topic$/m,
    )
    assert.match(half.stdout, /^dead +\? in orders\.billing\.dead/m)
    const lag = await as('watcher', 'lag', '--group', group)
    assert.match(unwrapped(lag.stdout), /^unknown +orders\/0: oldest unhandled record: .*grant READ on the topic$/m)
    await node.grant('watcher', [
      right('TOPIC', topic, 'READ'),
      right('TOPIC', topic, 'DESCRIBE_CONFIGS'),
      right('TOPIC', deadTopic, 'DESCRIBE'),
    ])
    const whole = await status()
    assert.equal(whole.code, 0, whole.stdout)
    assert.match(whole.stdout, /^loss +not before 6 d 23 h: orders\/0$/m)
    assert.match(whole.stdout, /^dead +2 in orders\.billing\.dead/m)

    const back = (...more: readonly string[]): Promise<Ended> => as('redriver', ...redrive, ...more)
    await node.grant('redriver', [right('GROUP', `${group}.redrive`, 'DESCRIBE'), right('TOPIC', deadTopic, 'READ')])
    assert.match((await back()).stderr, /TOPIC_AUTHORIZATION_FAILED: grant DESCRIBE on the topic/)
    await node.grant('redriver', [right('TOPIC', topic, 'DESCRIBE')])
    assert.match((await back()).stdout, /would send back: 2/)
    const unlocked = await back('--execute')
    assert.equal(unlocked.code, 1)
    assert.match(unlocked.stderr, /GROUP_AUTHORIZATION_FAILED: .*grant READ on group billing\.redrive/)
    await node.grant('redriver', [right('GROUP', `${group}.redrive`, 'READ')])
    const unwritten = await back('--execute')
    assert.equal(unwritten.code, 1)
    assert.match(unwritten.stdout.replaceAll('\n', ' '), /stopped early: .*grant WRITE on a topic; run it again/)
    assert.equal((await stage.records(topic)).length, 10)
    await node.grant('redriver', [right('TOPIC', topic, 'WRITE')])
    const done = await back('--execute')
    assert.equal(done.code, 0, `${done.stderr}${done.stdout}`)
    assert.equal((await stage.records(topic)).length, 12)
  })
})
