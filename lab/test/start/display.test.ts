import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Screen, type Shown, displayOn, kafkaSentence, thousands } from '../../src/start/display.js'

const shown: Shown = {
  committed: 1_431,
  acknowledged: 1_000,
  handled: 900,
  waiting: 431,
  lost: 0,
  oldestMs: 1_234,
  elapsedMs: 0,
  goal: 20_000,
  unreachableMs: undefined,
  faults: 'relay killed 1/5',
}

function screen(terminal: boolean, columns = 120): Screen & { readonly text: string } {
  let text = ''
  return {
    isTTY: terminal,
    columns,
    write: (more) => {
      text += more
    },
    get text() {
      return text
    },
  }
}

test('an outage is told with its length, what waits and what is lost', () => {
  assert.equal(kafkaSentence({ ...shown, unreachableMs: 12_400 }), 'Kafka unreachable for 12 s, 431 waiting, 0 lost')
  assert.equal(kafkaSentence({ ...shown, unreachableMs: 0, lost: 2 }), 'Kafka unreachable for 0 s, 431 waiting, 2 lost')
  assert.equal(kafkaSentence(shown), 'Kafka reachable')
})

test('numbers are readable', () => {
  assert.deepEqual([0, 999, 1_000, 20_000, 1_234_567].map(thousands), ['0', '999', '1 000', '20 000', '1 234 567'])
})

test('without a terminal there is one line a second, with rates', () => {
  const out = screen(false)
  const display = displayOn(out, false)
  for (let ms = 0; ms <= 2_000; ms += 250)
    display.show({ ...shown, elapsedMs: ms, committed: ms, acknowledged: ms / 2, handled: ms / 4 })
  const lines = out.text.trimEnd().split('\n')
  assert.equal(lines.length, 3, out.text)
  assert.match(
    lines[2] ?? '',
    /2\.0 s committed 2 000\/20 000 \(1 000\/s\), acknowledged 1 000 \(500\/s\), handled 500 \(250\/s\), 431 waiting/,
  )
})

test('on a terminal one block is redrawn, notes stay above it, and no line wraps', () => {
  const out = screen(true, 50)
  const display = displayOn(out, false)
  display.show(shown)
  const height = out.text.split('\n').length - 1
  assert.ok(height >= 4)
  assert.ok(
    out.text.split('\n').every((line) => line.length < 50),
    out.text,
  )
  const before = out.text.length
  display.note('relay killed')
  const after = out.text.slice(before)
  assert.ok(after.startsWith(`\u001b[${height}A\u001b[0J`), JSON.stringify(after))
  assert.ok(after.indexOf('relay killed') < after.indexOf('committed'))
})

test('a quiet display writes nothing', () => {
  const out = screen(true)
  const display = displayOn(out, true)
  display.show(shown)
  display.note('relay killed')
  display.end()
  assert.equal(out.text, '')
})
