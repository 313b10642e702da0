import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anyAndIgnore } from './any-and-ignore.js'
import { folderCycles, wrongArrows } from './arrows.js'
import { clockOutsideSystem, consoleOutsideCli } from './clock-and-console.js'
import { errorCodeDocs } from './error-codes.js'
import { emptyNames } from './names.js'
import { skippedTests } from './skipped-tests.js'
import type { Rule } from './source-file.js'
import { sqlText } from './sql-text.js'

/** Runs a rule over a small tree and gives back the places it complains about. */
function places(rule: Rule, tree: Record<string, string>): string[] {
  const files = Object.entries(tree).map(([path, text]) => ({ path, text }))
  return rule(files).map((line) => line.split(' ', 1)[0] ?? '')
}

/** For rules over single files: which of the lines, each a file of its own at `path`, are caught. */
function caught(rule: Rule, path: string, lines: readonly string[]): string[] {
  return lines.filter((text) => rule([{ path, text }]).length > 0)
}

const src = 'packages/waybill/src'

test('arrows: an import against an arrow is caught, whatever form it has', () => {
  const wrong = [
    `import { a } from '../audit/a.js'`,
    `import type { A } from '../audit/a.js'`,
    `export * from '../audit/a.js'`,
    `export { a } from '../audit/a.js'`,
    `const a = await import('../audit/a.js')`,
    `type A = import('../audit/a.js').A`,
    `import { createWaybill } from '../waybill.js'`,
    `import { store } from '../stores/memory/store.js'`,
    `import { Pool } from 'pg'`,
    `import { broker } from '../../../broker/src/broker.js'`,
  ]
  assert.deepEqual(caught(wrongArrows, `${src}/outbox/relay.ts`, wrong), wrong)
  const right = [
    `import { a } from '../model/a.js'`,
    `import type { P } from '../ports/p.js'`,
    `import { b } from './b.js'`,
    `import { Buffer } from 'node:buffer'`,
  ]
  assert.deepEqual(caught(wrongArrows, `${src}/outbox/relay.ts`, right), [])
})

test('arrows: the other rows of the table', () => {
  const rows: [string, string, boolean][] = [
    ['model/a.ts', '../ports/p.js', false],
    ['model/a.ts', 'node:crypto', false],
    ['ports/p.ts', '../model/a.js', true],
    ['stores/sqlite/store.ts', '../../outbox/relay.js', false],
    ['stores/sqlite/store.ts', '../../kafka/fetch.js', false],
    ['stores/sqlite/store.ts', '../../generated/sql.js', true],
    ['stores/sqlite/store.ts', '../step-rules.js', true],
    ['kafka/fetch.ts', '@platformatic/kafka', true],
    ['waybill.ts', './outbox/relay.js', true],
    ['waybill.ts', './cli/main.js', false],
    ['testing.ts', './testing/stores.js', true],
    ['waybill.ts', './testing.js', false],
    ['cli/main.ts', '../waybill.js', true],
    ['cli/main.ts', '../outbox/relay.js', false],
    ['outbox/relay.ts', '../testing/stores.js', false],
    ['testing/stores.ts', '../outbox/relay.js', true],
    ['helpless/a.ts', '../model/a.js', false],
  ]
  for (const [from, specifier, isAllowed] of rows) {
    const found = places(wrongArrows, { [`${src}/${from}`]: `\nimport { a } from '${specifier}'` })
    assert.deepEqual(found, isAllowed ? [] : [`${src}/${from}:2`], `${from} imports ${specifier}`)
  }
})

test('arrows: the broker never imports waybill; its tests and the lab may', () => {
  const texts = [`import 'waybill'`, `import 'waybill/postgres'`, `import '../../waybill/src/waybill.js'`]
  assert.deepEqual(caught(wrongArrows, 'packages/broker/src/broker.ts', texts), texts)
  assert.deepEqual(caught(wrongArrows, 'packages/broker/test/broker.test.ts', texts), [])
})

test('cycles: two folders that import each other are caught, a line of folders is not', () => {
  const line = {
    [`${src}/a/1.ts`]: `import '../b/2.js'`,
    [`${src}/b/2.ts`]: `import '../c/3.js'`,
    [`${src}/c/3.ts`]: '',
  }
  assert.deepEqual(places(folderCycles, line), [])
  const ring = { ...line, [`${src}/c/4.ts`]: `import type { A } from '../a/1.js'` }
  assert.equal(places(folderCycles, ring).length, 3)
})

test('clock: every way to time and chance is caught outside system/', () => {
  const wrong = [
    'const now = Date.now()',
    'const clock = Date.now',
    'const at = new Date()',
    'const r = Math.random()',
    'const t = performance.now()',
    'const t = process.hrtime.bigint()',
    'setTimeout(f, 1)',
    'setInterval(f, 1)',
    'setImmediate(f)',
    'globalThis.setTimeout(f, 1)',
    `import { setTimeout as sleep } from 'node:timers/promises'`,
    `const { setTimeout: sleep } = await import('timers/promises')`,
    `import { performance as p } from 'node:perf_hooks'`,
    `import { randomUUID } from 'node:crypto'`,
    'const id = crypto.randomUUID()',
  ]
  assert.deepEqual(caught(clockOutsideSystem, `${src}/outbox/relay.ts`, wrong), wrong)
  assert.deepEqual(caught(clockOutsideSystem, 'packages/broker/src/log/segment.ts', wrong), wrong)
  assert.deepEqual(caught(clockOutsideSystem, `${src}/system/clock.ts`, wrong), [])
  assert.deepEqual(caught(clockOutsideSystem, 'packages/waybill/test/outbox/relay.test.ts', wrong), [])
  const right = ['clock.now()', 'new Date(ms)', 'timers.setTimeout(f, 1)', '// Date.now()', `const s = 'Date.now()'`]
  assert.deepEqual(caught(clockOutsideSystem, `${src}/outbox/relay.ts`, right), [])
})

test('console: caught outside cli/', () => {
  const wrong = [`console.log('x')`, 'const log = console.error', `import { log } from 'node:console'`]
  assert.deepEqual(caught(consoleOutsideCli, `${src}/outbox/relay.ts`, wrong), wrong)
  assert.deepEqual(caught(consoleOutsideCli, `${src}/cli/main.ts`, wrong), [])
  assert.deepEqual(caught(consoleOutsideCli, `${src}/outbox/relay.ts`, ['// console.log', 'this.console.open()']), [])
})

test('any: the type and the comments that switch the compiler off are caught', () => {
  const wrong = [
    'let a: any',
    'const f = (x: Map<string, any>) => x',
    'a as any',
    '// @ts-ignore\na()',
    '/* @ts-nocheck */',
  ]
  assert.deepEqual(
    caught(anyAndIgnore, 'lab/src/a.ts', [...wrong, '// @ts-expect-error because\na()']).length,
    wrong.length + 1,
  )
  assert.deepEqual(caught(anyAndIgnore, 'lab/test/a.test.ts', ['// @ts-expect-error\na()']).length, 1)
  assert.deepEqual(caught(anyAndIgnore, 'lab/test/a.test.ts', ['// @ts-expect-error a pool is refused\na()']), [])
  assert.deepEqual(caught(anyAndIgnore, 'lab/src/a.ts', [`const any = 'any'`, 'let a: unknown // any']), [])
})

test('SQL: statements in strings are caught, English and protocol words are not', () => {
  const wrong = [
    `'SELECT 1'`,
    `'select id from outbox'`,
    '`\n  INSERT INTO outbox (id) VALUES (${id})`',
    `'update outbox set state = 1'`,
    `'DELETE FROM outbox'`,
    `'create table outbox (id int)'`,
    `'BEGIN'`,
    `'begin immediate'`,
    `'COMMIT'`,
    `'rollback to savepoint a'`,
    `'BEGIN ISOLATION LEVEL SERIALIZABLE'`,
    `'SAVEPOINT a1'`,
    `'PRAGMA synchronous = FULL'`,
    `'pragma journal_mode'`,
  ]
  assert.deepEqual(caught(sqlText, `${src}/stores/sqlite/store.ts`, wrong), wrong)
  const right = [
    `'select the partition by its key'`,
    `'begin'`,
    `'delete'`,
    `'DELETE'`,
    `'DELETE_TOPICS'`,
    `'BEGIN IMMEDIATE on a connection that is busy'`,
    `'PRAGMA synchronous is OFF'`,
  ]
  assert.deepEqual(caught(sqlText, `${src}/kafka/admin.ts`, right), [])
  assert.deepEqual(caught(sqlText, 'packages/waybill/test/stores/a.test.ts', wrong), [])
})

test('names: words that say nothing are caught in files and folders', () => {
  const wrong = [
    'src/utils/a.ts',
    'src/a/helper.ts',
    'src/offset-manager.ts',
    'test/common.test.ts',
    'src/misc.ts',
    'src/types.ts',
  ]
  const right = ['src/stores/a.ts', 'src/commonplace.ts', 'src/record-types.ts']
  const tree = Object.fromEntries([...wrong, ...right].map((path) => [path, '']))
  assert.deepEqual(
    places(emptyNames, tree),
    wrong.map((path) => `${path}:1`),
  )
})

test('error codes: a code without a row, a row without a code and a double row are caught', () => {
  const codes = `export const errorCodes = {\n  WB_A: 'no',\n  WB_B: 'yes',\n} as const`
  const tree = (docs: string) => ({ [`${src}/model/errors.ts`]: codes, 'docs/errors.md': docs })
  assert.deepEqual(places(errorCodeDocs, tree('| `WB_A` | x |\n| `WB_B` | y |')), [])
  assert.deepEqual(places(errorCodeDocs, tree('## `WB_A`\ntext `WB_B` text')), [`${src}/model/errors.ts:3`])
  assert.deepEqual(places(errorCodeDocs, tree('| `WB_A` |\n| `WB_B` |\n| `WB_C` |')), ['docs/errors.md:3'])
  assert.deepEqual(places(errorCodeDocs, tree('| `WB_A` |\n| `WB_B` |\n| `WB_A` |')), ['docs/errors.md:3'])
  assert.deepEqual(places(errorCodeDocs, { ...tree(''), [`${src}/model/errors.ts`]: '' }), [`${src}/model/errors.ts:1`])
})

test('skipped tests: a skip without a reason and every only are caught', () => {
  const wrong = [
    `test.skip('a', f)`,
    `describe.todo('a')`,
    `test.only('a', f)`,
    `test('a', { skip: true }, f)`,
    `it('a', { only: true }, f)`,
    `t.test('a', { todo: true }, f)`,
    't.skip()',
  ]
  assert.deepEqual(caught(skippedTests, 'lab/test/a.test.ts', wrong), wrong)
  const right = [
    `test('a', { skip: 'no Java here' }, f)`,
    `test('a', { skip }, f)`,
    `t.skip('no Java here')`,
    'list.skip(1)',
  ]
  assert.deepEqual(caught(skippedTests, 'lab/test/a.test.ts', right), [])
})
