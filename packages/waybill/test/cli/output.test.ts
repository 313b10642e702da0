import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesJson, bytesText, duration, json, safe, screenFact, screenTable, table } from '../../src/cli/output.js'

test('whatever a terminal would obey is shown as text, in tables and in JSON, and JSON keeps its meaning', () => {
  const nasty = 'a\u001b[31mb\u0000\n\r\t\u007f\u0085\u202e\u2066\u200b\ufeff\u2028\u{e0001}é漢🙂'
  assert.equal(
    safe(nasty),
    String.raw`a\x1b[31mb\x00\x0a\x0d\x09\x7f\x85\u{202e}\u{2066}\u{200b}\u{feff}\u{2028}\u{e0001}é漢🙂`,
  )
  const text = json({ [nasty]: nasty })
  assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}]/u)
  assert.deepEqual(JSON.parse(text), { [nasty]: nasty })
  assert.doesNotMatch(table(['A', 'B'], [[nasty, nasty]]).replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}]/u)
})

test('columns line up, long cells are cut', () => {
  assert.equal(
    table(
      ['ID', 'NAME'],
      [
        ['1', 'x'],
        ['1000', 'ü'],
      ],
    ),
    'ID    NAME\n1     x\n1000  ü\n',
  )
  const [, row = ''] = table(['A', 'B'], [['x'.repeat(100), 'y']]).split('\n')
  assert.equal(row, `${'x'.repeat(39)}…  y`)
})

test('a table for the screen gives way in its elastic columns, the widest first, and in no other', () => {
  const head = ['NAME', 'N', 'WHY']
  const text = screenTable(head, [['n'.repeat(80), '123456', 'w'.repeat(60)]], { elastic: ['NAME', 'WHY'] })
  const [, row = ''] = text.split('\n')
  assert.equal(row.length, 100)
  assert.match(row, /^n{44}…  123456  w{44}…$/)
  const [, wide = ''] = screenTable(['N'], [['9'.repeat(120)]], { elastic: [] }).split('\n')
  assert.equal(wide.length, 120)
  assert.equal(screenTable(['A', 'B'], [['1', '2']], { elastic: ['A'] }), 'A  B\n1  2\n')
})

test('a fact is never cut: it goes on in the next line, below itself', () => {
  assert.equal(screenFact('lag', 'one two three', 20), 'lag       one two\n          three\n')
  assert.equal(screenFact('', `a ${'x'.repeat(12)}\u001b b`, 8), `a\n${'x'.repeat(8)}\n${'x'.repeat(4)}\\x1b\nb\n`)
  assert.equal(screenFact('loss', '', 20), 'loss      \n')
})

test('durations and bytes are written for people', () => {
  const cases = {
    0: '0 ms',
    850: '850 ms',
    1_500: '1 s',
    61_000: '1 min',
    7_500_000: '2 h 5 min',
    7_200_000: '2 h',
    349_200_000: '4 d 1 h',
  }
  for (const [ms, text] of Object.entries(cases)) assert.equal(duration(Number(ms)), text)
  assert.equal(duration(-5), '0 ms')
  const odd = Uint8Array.of(0xff, 0)
  assert.deepEqual([bytesText(null), bytesText(Buffer.from('k')), bytesText(odd)], ['-', 'k', '0xff00'])
  assert.deepEqual([bytesJson(null), bytesJson(odd)], [null, { text: null, base64: '/wA=' }])
})
