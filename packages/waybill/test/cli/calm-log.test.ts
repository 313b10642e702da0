import assert from 'node:assert/strict'
import { test } from 'node:test'
import { calmLog } from '../../src/cli/calm-log.js'
import { jsonLog } from '../../src/system/log.js'

test('the same warning is written at most every ten seconds and tells how often it was left out; others at once', () => {
  const lines: string[] = []
  let nowMs = 0
  const clock = { monotonicMs: () => nowMs, wallMs: () => nowMs, sleep: () => Promise.resolve() }
  const log = calmLog(
    jsonLog('info', (line) => {
      const { level, message, cause, leftOut } = JSON.parse(line) as Record<string, unknown>
      lines.push([level, message, cause, leftOut].join(' ').trim())
    }),
    clock,
  )
  for (; nowMs < 12_000; nowMs += 1_000) {
    log.error('a turn failed', { cause: 'gone' })
    if (nowMs === 3_000) log.error('a turn failed', { cause: 'another' })
    if (nowMs < 2_000) log.info('again and again')
  }
  assert.deepEqual(lines, [
    'error a turn failed gone',
    'info again and again',
    'info again and again',
    'error a turn failed another',
    'error a turn failed gone 9',
  ])
})
