import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { isFree } from '../../src/cluster/free-ports.js'
import { isReady } from '../../src/cluster/readiness.js'

// `npm run lab` is a build and this command
const command = fileURLToPath(new URL('../../src/cli/lab.js', import.meta.url))

test('npm run lab tells where three Kafka nodes and PostgreSQL are, and Ctrl-C takes all of it away', async () => {
  const child = spawn(process.execPath, [command, '-o', 'json'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), ended])) as [string]
  const lab = JSON.parse(line) as { bootstrap: string[]; postgres: string; logs: string[] }
  const ports = lab.bootstrap.map((address) => Number(address.split(':')[1]))
  assert.equal(ports.length, 3)
  for (const port of ports) assert.equal(await isReady(port, [1, 2, 3]), true)
  const client = new Client({ connectionString: lab.postgres })
  client.on('error', () => undefined)
  await client.connect()
  assert.deepEqual((await client.query('SELECT 1 AS one')).rows, [{ one: 1 }])

  child.kill('SIGINT')
  assert.deepEqual(await ended, [0, null])
  await client.end().catch(() => undefined)
  for (const port of [...ports, Number(new URL(lab.postgres).port)]) assert.equal(await isFree(port), true)
  for (const folder of lab.logs) assert.equal(existsSync(folder), false)
})

test('npm run lab refuses an output it does not know', () => {
  const { status, stderr } = spawnSync(process.execPath, [command, '-o', 'yaml'], { encoding: 'utf8', timeout: 30_000 })
  assert.equal(status, 1)
  assert.match(stderr, /-o is table or json, not 'yaml'\nusage: /)
})
