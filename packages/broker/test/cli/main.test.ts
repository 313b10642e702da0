import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Broker } from '../../src/broker.js'
import { connected, directory, lastly } from '../fixture.js'

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))

interface Running {
  process: ChildProcess
  /** As much of a Broker as a client needs to connect. */
  broker: Broker
  faultsUrl: string
}

/** Starts the command, optionally with a limit on the size of any file it writes (in blocks of 1024 bytes). */
async function command(t: TestContext, args: string[], fileBlocksMax?: number): Promise<Running> {
  const node = [process.execPath, MAIN, '--port', '0', '-o', 'json', ...args]
  // SIGXFSZ ignored: a write over the limit then fails with an error, as on a full disk, instead of ending the process.
  const limited = ['bash', '-c', `trap '' XFSZ; ulimit -S -f ${fileBlocksMax}; exec "$@"`, 'limited', ...node]
  const [file = '', ...rest] = fileBlocksMax === undefined ? node : limited
  const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
  lastly(t, () => child.kill('SIGKILL'))
  const [line] = (await once(createInterface(child.stdout), 'line', { signal: AbortSignal.timeout(10_000) })) as [
    string,
  ]
  const said = JSON.parse(line) as { port: number; bootstrap: string; faultsUrl: string }
  return { process: child, broker: { host: '127.0.0.1', port: said.port } as Broker, faultsUrl: said.faultsUrl }
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const end = once(child, 'exit', { signal: AbortSignal.timeout(10_000) })
  child.kill(signal)
  return ((await end) as [number | null])[0]
}

test('SIGTERM stops in order: nothing is lost; kill -9 keeps the page cache', async (t) => {
  const data = directory(t)
  const args = [
    '--data',
    data,
    '--topic',
    'orders:2:retention.ms=5000000,cleanup.policy=compact,delete',
    '--topic',
    'other',
  ]
  const first = await command(t, args)
  const a = await connected(t, first.broker)
  assert.equal((await a.describe(2, 'orders', ['cleanup.policy']))[0]?.value, 'compact,delete')
  await a.produce({ topic: 'orders', values: ['kept'] })
  assert.equal(await ended(first.process, 'SIGTERM'), 0)
  const second = await command(t, args)
  const b = await connected(t, second.broker)
  assert.deepEqual([await b.fetch('orders', 0), (await b.topic('orders')).leaderEpoch], [['kept'], 1])
  await b.produce({ topic: 'orders', values: ['also'] })
  await ended(second.process, 'SIGKILL')
  const third = await command(t, args)
  const c = await connected(t, third.broker)
  assert.deepEqual([await c.fetch('orders', 0), (await c.topic('orders')).leaderEpoch], [['kept', 'also'], 2])
})

test('a disk that refuses a write costs that batch and not the broker, and space that comes back is used', async (t) => {
  const running = await command(t, ['--data', directory(t), '--topic', 'orders'], 64)
  const client = await connected(t, running.broker)
  const producerId = await client.producerId()
  const send = (sequence: number) =>
    client.produce({ topic: 'orders', producerId, sequence, values: ['x'.repeat(9000)] })
  let sequence = 0
  while ((await send(sequence)).errorCode === 0) assert.ok(sequence++ < 20, 'the limit of 64 KiB is hit')
  assert.equal((await send(sequence)).errorCode, 56, 'KAFKA_STORAGE_ERROR, again and again')
  assert.equal(await client.end('orders'), sequence)
  assert.equal((await send(sequence - 1)).baseOffset, sequence - 1, 'what was appended is still known')
  execFileSync('prlimit', ['--fsize=unlimited', `--pid=${running.process.pid}`])
  assert.equal((await send(sequence)).baseOffset, sequence)
  assert.equal((await client.fetch('orders', sequence))[0]?.length, 9000, 'nothing torn lies in between')
})

test('the fault switches can be pulled from outside, flush-messages is obeyed', async (t) => {
  const running = await command(t, [
    '--data',
    directory(t),
    '--topic',
    'orders',
    '--flush-messages',
    '1',
    '--faults-port',
    '0',
  ])
  await (await connected(t, running.broker)).produce({ topic: 'orders', values: ['flushed'] })
  await fetch(`${running.faultsUrl}/faults/power-loss`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  })
  assert.deepEqual(await (await connected(t, running.broker)).fetch('orders', 0), ['flushed'])
})

test('a wrong argument ends with code 2 and says what is wrong', () => {
  for (const [args, message] of [
    [['--port', 'many'], /--port must be a whole number/],
    [['--topic', ':3'], /name:partitions/],
    [['--nonsense'], /nonsense/],
    [['-o', 'xml'], /--output is text or json/],
  ] as const) {
    assert.throws(
      () => execFileSync(process.execPath, [MAIN, ...args], { stdio: 'pipe', encoding: 'utf8' }),
      (error: unknown) => {
        const { status, stderr } = error as { status: number; stderr: string }
        assert.equal(status, 2)
        assert.match(stderr, message)
        return true
      },
    )
  }
})
