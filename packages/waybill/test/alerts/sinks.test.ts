import assert from 'node:assert/strict'
import { test } from 'node:test'
import { functionSink, logSink } from '../../src/alerts.js'
import type { Alert } from '../../src/ports/outbox-store.js'
import { jsonLog } from '../../src/system/log.js'

const alert: Alert = { id: 7, cause: 'c', kind: 'delayed', detail: 'line\nbreak', openedAtMs: 0, resolvedAtMs: 1000 }
const never = new AbortController().signal

test('the log sink writes one line a state: an error when it opens, an info when it is resolved', async () => {
  const lines: string[] = []
  const sink = logSink(jsonLog('info', (line) => lines.push(line)))
  await sink.deliver(alert, 'opened', never)
  await sink.deliver(alert, 'resolved', never)
  assert(lines.every((line) => line.indexOf('\n') === line.length - 1))
  const [opened, resolved] = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  assert.deepEqual(
    [opened?.level, opened?.alert, opened?.kind, opened?.openedAt],
    ['error', 7, 'delayed', '1970-01-01T00:00:00.000Z'],
  )
  assert.deepEqual([resolved?.level, resolved?.resolvedAt], ['info', '1970-01-01T00:00:01.000Z'])
})

test('a function sink passes alert, state and signal on, and what it throws is a failed try', async () => {
  const seen: unknown[] = []
  const sink = functionSink('pager', (...all) => {
    seen.push(all)
    if (seen.length > 1) throw new Error('no')
    return Promise.resolve()
  })
  assert.equal(sink.name, 'pager')
  await sink.deliver(alert, 'opened', never)
  assert.deepEqual(seen, [[alert, 'opened', never]])
  await assert.rejects(sink.deliver(alert, 'resolved', never), /no/)
})
