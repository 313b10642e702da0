import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { logTail, ServerProcess } from '../../src/cluster/child-process.js'
import { until } from '../../src/cluster/until.js'

const deadlineMs = 10_000

// a process of ours that starts a server and then ends in a way the test chooses
const owner = (logFile: string, extra = ''): string => `
  import { ServerProcess } from ${JSON.stringify(new URL('../../src/cluster/child-process.js', import.meta.url).href)}
  const command = { program: 'sleep', args: ['600'], logFile: ${JSON.stringify(logFile)} }
  const server = await ServerProcess.start(command)
  ${extra}
  console.log(server.pid)
  setInterval(() => {}, 1000)
`

async function pidStartedBy(t: { after: (work: () => Promise<void>) => void }, extra = '') {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-child-'))
  t.after(() => rm(folder, { recursive: true }))
  const source = owner(join(folder, 'log'), extra)
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
  const pid = Number(chunk.toString())
  assert.equal(isAlive(pid), true)
  return { child, pid }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`a server does not outlive its owner's ${signal}, and the owner still dies of it`, async (t) => {
    const { child, pid } = await pidStartedBy(t)
    child.kill(signal)
    assert.deepEqual(await once(child, 'exit'), [null, signal])
    await until(async () => !isAlive(pid), { what: 'the end of the server', deadlineMs })
  })
}

test("a server does not outlive its owner's process.exit, nor its own listener for SIGTERM", async (t) => {
  const { child, pid } = await pidStartedBy(t, `process.on('SIGTERM', () => process.exit(7))`)
  child.kill('SIGTERM')
  assert.deepEqual(await once(child, 'exit'), [7, null])
  await until(async () => !isAlive(pid), { what: 'the end of the server', deadlineMs })
})

const noSetpriv = existsSync('/usr/bin/setpriv') ? false : 'setpriv is not installed here'
test("a server does not outlive its owner's kill -9, where setpriv is installed", { skip: noSetpriv }, async (t) => {
  const { child, pid } = await pidStartedBy(t)
  child.kill('SIGKILL')
  await once(child, 'exit')
  await until(async () => !isAlive(pid), { what: 'the end of the server', deadlineMs })
})

test('a program that does not exist is an error or an early end that names it, never a hang', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-child-'))
  t.after(() => rm(folder, { recursive: true }))
  const logFile = join(folder, 'log')
  const outcome = await ServerProcess.start({ program: 'no-such-program', args: [], logFile }).catch(
    (error: unknown) => error,
  )
  if (outcome instanceof ServerProcess) {
    assert.notEqual((await outcome.ended).code, 0)
    assert.match(logTail(logFile), /no-such-program/)
    assert.match(await readFile(logFile, 'utf8'), /no-such-program/)
  } else {
    assert.match(String(outcome), /no-such-program/)
  }
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
