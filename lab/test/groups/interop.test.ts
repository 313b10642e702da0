import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Connection, createTopicsV7, produceV11 } from '@platformatic/kafka'
import { createBroker, type Broker } from '@waybill/broker'
import { until } from '../../src/cluster/until.js'
import type { Told } from './member-process.js'

const program = fileURLToPath(new URL('member-process.js', import.meta.url))
const topic = 'interop'
const partitions = 4
const total = 10_000
const deadlineMs = 45_000

async function fill(broker: Broker): Promise<void> {
  const connection = new Connection('interop', { connectTimeout: 3000 })
  await connection.connect(broker.host, broker.port)
  const made = { name: topic, numPartitions: partitions, replicationFactor: 1, assignments: [], configs: [] }
  await createTopicsV7.api.async(connection, [made], 5000, false)
  for (let from = 0; from < total; from += 500) {
    const messages = Array.from({ length: 500 }, (_, i) => ({
      topic,
      partition: (from / 500) % partitions,
      key: Buffer.from(`k${from + i}`),
      value: Buffer.from(`value ${from + i}`),
      timestamp: BigInt(Date.now()),
    }))
    await produceV11.api.async(connection, -1, 5000, messages, {})
  }
  await connection.close()
}

/** A member in a process of its own, and what it has been given. */
interface Member {
  readonly child: ChildProcess
  readonly got: Set<string>
}

function member(broker: Broker, protocol: string): Member {
  const child = fork(program, [broker.bootstrap, `group-${protocol}`, topic, protocol], { stdio: 'inherit' })
  const got = new Set<string>()
  child.on('message', (at) => got.add(at as Told))
  return { child, got }
}

async function killed({ child }: Member): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

describe('an ordinary client consumes from the embedded broker in a group of two, one of them killed', () => {
  for (const protocol of ['consumer', 'classic'])
    it(`with the ${protocol} protocol, and nothing is left out`, async () => {
      await using broker = await createBroker({
        configs: {
          'group.consumer.session.timeout.ms': '2000',
          'group.consumer.heartbeat.interval.ms': '300',
          'group.min.session.timeout.ms': '1000',
        },
      })
      await fill(broker)
      const members = [member(broker, protocol), member(broker, protocol)]
      try {
        const [first, second] = members
        assert.ok(first && second)
        await until(async () => first.got.size > 100 && second.got.size > 100, { what: 'both at work', deadlineMs })
        await killed(second)
        const all = (): number => new Set(members.flatMap((m) => [...m.got])).size
        await until(async () => all() === total, { what: 'the rest done by the one left', deadlineMs })
        assert.ok(second.got.size < total, 'the killed one had not done everything')
      } finally {
        await Promise.all(members.map(killed))
      }
    })
})
