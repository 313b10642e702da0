import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

// from packages/waybill/dist/test/tidy
const root = fileURLToPath(new URL('../../../../../', import.meta.url))

const planted: readonly (readonly [rule: string, text: string])[] = [
  ['max-lines', 'export {}\n'.repeat(501)],
  ['max-lines-per-function', `export function f(): void {\n${'  g()\n'.repeat(70)}}\ndeclare function g(): void\n`],
  ['no-console', `console.log('x')`],
  ['no-explicit-any', 'export let a: any'],
  ['ban-ts-comment', '// @ts-ignore\nexport const a: string = 1'],
  ['eqeqeq', 'export const same = (a: unknown, b: unknown) => a == b'],
  ['no-floating-promises', 'async function f(): Promise<void> {}\nf()'],
  ['no-misused-promises', 'async function f(): Promise<void> {}\n;[1].forEach(f)'],
  ['await-thenable', 'export const a = await 1'],
  [
    'switch-exhaustiveness-check',
    `export function f(a: 'x' | 'y'): void {\n  switch (a) {\n    case 'x':\n      break\n  }\n}`,
  ],
  ['only-throw-error', `export function f(): never {\n  throw 'x'\n}`],
  ['prefer-promise-reject-errors', `export const a = Promise.reject('x')`],
  [
    'return-await',
    'export async function f(p: Promise<void>) {\n  try {\n    return p\n  } catch {\n    return\n  }\n}',
  ],
  ['no-unnecessary-condition', `export const f = (a: string) => a ?? 'x'`],
  ['consistent-type-imports', `import { Stats } from 'node:fs'\nexport let a: Stats`],
  ['no-unused-vars', 'const a = 1\nexport {}'],
]

test('the lint configuration catches what the house rules forbid, types included', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-lint-'))
  t.after(() => rm(folder, { recursive: true }))
  const compilerOptions = { typeRoots: [join(root, 'node_modules', '@types')] }
  const tsconfig = { extends: join(root, 'tsconfig.base.json'), include: ['*.ts'], compilerOptions }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig))
  for (const [rule, text] of planted) await writeFile(join(folder, `${rule}.ts`), text)

  const output = await lint(folder)
  for (const [rule] of planted) {
    assert.match(output, new RegExp(`${rule}\\.ts:.*\\(${rule}\\)`), `${rule} was not caught:\n${output}`)
  }
})

function lint(folder: string): Promise<string> {
  const config = join(root, '.oxlintrc.json')
  const args = ['-c', config, '--type-aware', '-f', 'unix', folder]
  return new Promise((resolve) => {
    // it exits 1 because it finds something
    execFile(join(root, 'node_modules', '.bin', 'oxlint'), args, { cwd: root, timeout: 60_000 }, (_, stdout) =>
      resolve(stdout),
    )
  })
}
