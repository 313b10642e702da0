import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { anchors, page, pages, root, withoutCode } from './markdown.js'

/** Links of a page that lead nowhere: relative paths without a file, anchors without a heading. */
function deadLinks(path: string, text: string): string[] {
  const targets = [...withoutCode(text).matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  return targets.filter((target) => !/^[a-z]+:/.test(target)).filter((target) => !leadsSomewhere(path, target))
}

function leadsSomewhere(from: string, target: string): boolean {
  const [file = '', anchor] = target.split('#')
  const path = file === '' ? from : normalize(join(dirname(from), file))
  if (!existsSync(join(root, path))) return false
  return anchor === undefined || !path.endsWith('.md') || anchors(page(path)).has(anchor)
}

test('every relative link in the markdown files leads somewhere', () => {
  const dead = pages().flatMap(({ path, text }) => deadLinks(path, text).map((target) => `${path}: ${target}`))
  assert.deepEqual(dead, [])
})

test('a dead file, a dead anchor and a link inside code are told apart', () => {
  const text = '[a](gone.md) [b](README.md#gone) [c](https://example.org/gone) `[d](gone.md)` [e](README.md)'
  assert.deepEqual(deadLinks('README.md', text), ['gone.md', 'README.md#gone'])
})

test('the pages a reader looks for are there', () => {
  const paths = pages().map(({ path }) => path)
  for (const path of ['README.md', 'DESIGN.md', 'CHANGELOG.md', 'docs/errors.md', 'packages/waybill/README.md'])
    assert.ok(paths.includes(path), path)
})
