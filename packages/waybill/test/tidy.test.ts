import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { anyAndIgnore } from './tidy/any-and-ignore.js'
import { folderCycles, wrongArrows } from './tidy/arrows.js'
import { clockOutsideSystem, consoleOutsideCli } from './tidy/clock-and-console.js'
import { errorCodeDocs, errorCodesFile, errorDocsFile } from './tidy/error-codes.js'
import { emptyNames } from './tidy/names.js'
import { skippedTests } from './tidy/skipped-tests.js'
import { readFiles, type Rule } from './tidy/source-file.js'
import { sqlText } from './tidy/sql-text.js'

// from packages/waybill/dist/test
const root = fileURLToPath(new URL('../../../../', import.meta.url))
const files = ['packages', 'lab', 'scripts', 'docs', 'examples']
  .filter((folder) => existsSync(join(root, folder)))
  .flatMap((folder) => readFiles(root, folder))

const clean = (rule: Rule): void => {
  const found = rule(files)
  assert.ok(found.length === 0, `${found.length} violations:\n${found.join('\n')}`)
}

test('the repository is read: this file is in it, compiled and installed files are not', () => {
  const paths = files.map(({ path }) => path)
  assert.ok(paths.includes('packages/waybill/test/tidy.test.ts'))
  assert.ok(paths.includes(errorCodesFile))
  assert.deepEqual(
    paths.filter((path) => /node_modules|dist\/|\/generated\//.test(path)),
    [],
  )
})

test('imports follow the arrows between the folders', () => clean(wrongArrows))
test('the folders of waybill have no cycle', () => clean(folderCycles))
test('clock, timers and randomness stay in system/', () => clean(clockOutsideSystem))
test('console stays in cli/', () => clean(consoleOutsideCli))
test('no any, no switched-off compiler', () => clean(anyAndIgnore))
test('SQL stays in .sql files', () => clean(sqlText))
test('names say what is inside', () => clean(emptyNames))
test('a test that is skipped says why', () => clean(skippedTests))

const missing = [errorCodesFile, errorDocsFile].find((path) => !existsSync(join(root, path)))
const skip = missing === undefined ? false : `${missing} is not written yet`
test('every error code is explained in docs/errors.md, and nothing else is', { skip }, () => clean(errorCodeDocs))
