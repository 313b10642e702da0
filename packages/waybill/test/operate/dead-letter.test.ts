import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Header } from '../../src/model/message.js'
import { headersBack, letterOf, redriveText } from '../../src/operate/dead-letter.js'
import { isChosen, type LetterChoice } from '../../src/operate/dead-letters.js'

const bytes = (text: string): Uint8Array => Buffer.from(text)
const dead = (over: Readonly<Record<string, string>> = {}): Header[] =>
  Object.entries({
    ...{ topic: 'orders', partition: '1', offset: '7', timestamp: '1000', group: 'a/b', attempts: '5' },
    ...{ error: 'TypeError', message: 'no such customer' },
    ...over,
  }).map(([name, text]) => [`waybill-dead-${name}`, bytes(text)])
const record = (headers: readonly Header[]) => ({
  ...{ offset: 3, timestampMs: 5_000, key: bytes('k'), value: bytes('value'), headers },
})

test('a letter tells what its headers say; a record without them is none, and nothing is guessed', () => {
  const own: Header = ['waybill', bytes(`01-shop-0-7.0-12-${'ab'.repeat(16)}`)]
  const letter = letterOf(record([own, ...dead()]), 2)
  assert.deepEqual(letter, {
    at: { partition: 2, offset: 3 },
    buriedAtMs: 5_000,
    origin: { topic: 'orders', partition: 1, offset: 7, timestampMs: 1_000 },
    ...{ group: 'a/b', attempts: 5, error: 'TypeError', message: 'no such customer' },
    ...{ key: bytes('k'), valueBytes: 5, messageId: 'ab'.repeat(16), cameBack: false },
  })
  for (const broken of [{ topic: '' }, { partition: '-1' }, { offset: '1e3' }, { offset: '' }])
    assert.equal(letterOf(record(dead(broken)), 0), undefined, JSON.stringify(broken))
  assert.equal(letterOf(record([]), 0), undefined)
  assert.equal(redriveText('orders.dead', letter), 'orders.dead/2/3/a/b')
})

test('the way back takes off what burying put on: the newest of each name, and the mark of an earlier way back', () => {
  const own: readonly Header[] = [
    ['trace', bytes('1')],
    ['waybill', bytes('id')],
    ['trace', bytes('2')],
  ]
  const texts = (headers: readonly Header[]): string[] =>
    headers.map(([name, value]) => `${name}=${Buffer.from(value).toString()}`)
  assert.deepEqual(texts(headersBack([...own, ...dead()], 'm')), [...texts(own), 'waybill-redrive=m'])
  const first = dead({ topic: 'orders' })
  const twice = [...own, ...first, ['waybill-redrive', bytes('old')] as const, ...dead({ topic: 'orders.a.dead' })]
  assert.deepEqual(texts(headersBack(twice, 'm')), [...texts([...own, ...first]), 'waybill-redrive=m'])
})

test('whatever is named must fit', () => {
  const letter = letterOf(record(dead()), 2) ?? assert.fail('a letter')
  const group = 'a/b'
  const fits: readonly Omit<LetterChoice, 'group'>[] = [
    {},
    { topic: 'orders' },
    { places: [{ partition: 2, offset: 3 }] },
    { error: 'TypeError' },
    { error: 'customer' },
    { sinceMs: 5_000 },
    { key: bytes('k') },
  ]
  for (const choice of fits) assert.ok(isChosen(letter, { group, ...choice }), JSON.stringify(choice))
  assert.ok(
    isChosen(
      letter,
      fits.reduce<LetterChoice>((all, one) => ({ ...all, ...one }), { group }),
    ),
  )
  for (const choice of [
    { topic: 'order' },
    { places: [{ partition: 3, offset: 2 }] },
    { error: 'typeerror' },
    { sinceMs: 5_001 },
    { key: bytes('') },
  ])
    assert.ok(!isChosen(letter, { group, ...choice }), JSON.stringify(choice))
})
