import type { Argument, CallExpression } from 'oxc-parser'
import { at, code, type Rule, visit } from './source-file.js'

const runners = new Set(['test', 'it', 'describe', 'suite', 't'])

/**
 * Tests that don't run without saying why, and `only`, which silences all others. A reason is `{ skip: 'why' }`, a
 * condition `{ skip: cond }` that is not the bare word true, or `t.skip('why')`; `test.skip('name')` says none.
 */
export const skippedTests: Rule = (files) =>
  code(files)
    .filter(({ path }) => path.endsWith('.test.ts'))
    .flatMap((file) => {
      const found: string[] = []
      visit(file, {
        CallExpression: (call) => {
          const wrong = wrongCall(call)
          if (wrong !== undefined) found.push(at(file, call.start, wrong))
        },
      })
      return found
    })

function wrongCall({ callee, arguments: args }: CallExpression): string | undefined {
  if (callee.type === 'Identifier') return runners.has(callee.name) ? args.map(wrongOptions).find(Boolean) : undefined
  if (
    callee.type !== 'MemberExpression' ||
    callee.object.type !== 'Identifier' ||
    callee.property.type !== 'Identifier'
  ) {
    return undefined
  }
  const [runner, word] = [callee.object.name, callee.property.name]
  if (!runners.has(runner)) return undefined
  if (word === 'only') return `${runner}.only silences every other test`
  if (word !== 'skip' && word !== 'todo') return args.map(wrongOptions).find(Boolean)
  return runner === 't' && args.length > 0 ? undefined : `${runner}.${word} gives no reason: use { ${word}: 'why' }`
}

function wrongOptions(argument: Argument): string | undefined {
  if (argument.type !== 'ObjectExpression') return undefined
  for (const property of argument.properties) {
    if (property.type !== 'Property' || property.key.type !== 'Identifier' || property.value.type !== 'Literal')
      continue
    const { name } = property.key
    const { value } = property.value
    if (name === 'only' && value === true) return 'only silences every other test'
    if ((name === 'skip' || name === 'todo') && (value === true || value === ''))
      return `${name} gives no reason: ${name}: 'why'`
  }
  return undefined
}
