// The topic changes under waiting rows: partitions are added, or it is deleted.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../src/cluster/until.js'
import { type Sender, Stage, topic } from './stage.js'

const deadlineMs = 20_000
const authorizationFailed = 29
const keys = Array.from({ length: 12 }, (_, n) => `key ${n}`)

/** Each key's values count up over all tests of one sender. */
async function sendRound(sender: Sender, round: number): Promise<void> {
  await sender.send(...keys.map((key) => ({ key, value: round })))
}

test('partitions added while rows wait: nothing lost or doubled; what was queued stays, what comes later goes where its key belongs', async (t) => {
  // The broker has all four from the start, and the relay is shown one until they are "added".
  const stage = await Stage.open(t, { topics: [{ name: topic, partitions: 4 }] })
  let shown = 1
  let told = 0
  const port = stage.port(({ describeTopic }) => ({
    describeTopic: async (name) => {
      const view = await describeTopic(name, { fresh: true })
      const partitions = view?.partitions.slice(0, shown) ?? []
      told = partitions.length
      return view && { ...view, partitions }
    },
  }))
  const sender = await stage.start({ brokers: port })
  await sendRound(sender, 0)
  await sender.drained()
  stage.broker.faults.errorNext({ api: 'Produce', count: 100_000, errorCode: authorizationFailed })
  for (const round of [1, 2]) await sendRound(sender, round)
  const refused = async (): Promise<boolean> => sender.events.some(({ kind }) => kind === 'unanswered')
  await until(refused, { what: 'open flights', deadlineMs })
  shown = 4
  // Rows come in before and after the relay learns of the partitions.
  for (let round = 3; round < 6; round++) await sendRound(sender, round)
  await until(async () => told === 4, { what: 'the relay to be told of the partitions', deadlineMs, everyMs: 5 })
  for (let round = 6; round < 8; round++) await sendRound(sender, round)
  stage.broker.faults.clear()
  await sender.drained()
  // A second owner reads everything anew.
  for (let round = 8; round < 11; round++) await sendRound(sender, round)
  const second = await stage.start({ brokers: stage.port(() => ({})) })
  for (let round = 11; round < 14; round++) await sendRound(second, round)
  await second.drained()

  const records = await stage.records()
  assert.equal(records.length, 14 * keys.length, 'each message once')
  const home = new Map(records.filter(({ value }) => value === '13').map(({ key, partition }) => [key, partition]))
  assert.ok(new Set(home.values()).size > 1, 'the keys are spread over the partitions now')
  for (const key of keys) {
    const own = records.filter((record) => record.key === key)
    assert.deepEqual(
      own.map(({ value }) => Number(value)).sort((a, b) => a - b),
      Array.from({ length: 14 }, (_, n) => n),
    )
    for (const partition of [0, 1, 2, 3]) {
      const there = own.filter((record) => record.partition === partition).map(({ value }) => Number(value))
      assert.deepEqual(
        there,
        there.toSorted((a, b) => a - b),
        `${key} in order in partition ${partition}`,
      )
    }
    for (const { partition, value } of own) {
      if (Number(value) <= 2) assert.equal(partition, 0, 'claimed for the partition of then')
      assert.ok(partition === 0 || partition === home.get(key), 'nowhere else')
    }
  }
  const alerts = await second.waybill.openAlerts()
  assert.deepEqual(
    alerts.filter(({ kind }) => kind !== 'unacknowledged' && kind !== 'delayed'),
    [],
  )
})

test('a topic deleted while rows wait: they wait under an alert, spend no attempt, and go into the next topic of that name', async (t) => {
  const stage = await Stage.open(t)
  const sender = await stage.start({ relay: { topicGraceMs: 500, alertAfterMs: 500 } })
  await sender.send({ key: 'a', value: 'before' })
  await sender.drained()
  await stage.admin.deleteTopic(topic)
  await sender.send({ key: 'a', value: 'one' }, { key: 'a', value: 'two' })
  assert.match((await sender.alerted('topic-unknown')).detail, /orders/)
  assert.match((await sender.alerted('delayed')).detail, /orders/)
  const { waiting, held, parked } = await sender.waybill.backlog()
  assert.deepEqual({ waiting, held, parked }, { waiting: 2, held: 0, parked: 0 })
  const admin = stage.port(() => ({}))
  t.after(() => admin.close())
  await admin.createTopics([{ topic, partitions: 1, replicationFactor: 1 }])
  await sender.drained()
  assert.deepEqual(await stage.values(), ['one', 'two'])
  assert.ok(sender.events.every(({ kind }) => kind !== 'refused'))
  const isOver = async (): Promise<boolean> => (await sender.waybill.openAlerts()).length === 0
  await until(isOver, { what: 'the end of the alerts', deadlineMs })
})
