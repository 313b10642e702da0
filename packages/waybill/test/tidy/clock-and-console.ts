import type { VisitorObject } from 'oxc-parser'
import { at, packageSource, type Rule, type SourceFile, visit } from './source-file.js'

const clockMembers = new Set(['Date.now', 'Math.random', 'process.hrtime', 'performance.now', 'performance.timeOrigin'])
const timers = new Set(['setTimeout', 'setInterval', 'setImmediate'])
const clockModules = new Set(['timers', 'timers/promises', 'perf_hooks'])
const randomNames = new Set([
  'randomBytes',
  'randomFill',
  'randomFillSync',
  'randomInt',
  'randomUUID',
  'getRandomValues',
])

/**
 * Clock, timers and randomness outside a `system/` folder of a package's source: whoever wants them takes an object, so
 * that a simulation can turn the clock and a seed can repeat a run. The suites in testing/ are tests, and exempt as those are.
 */
export const clockOutsideSystem: Rule = (files) =>
  packageSource(files)
    .filter(({ path }) => !/\/(system|testing)\//.test(path))
    .flatMap((file) => collect(file, 'only a system/ folder may use', clockVisitor))

/** `console` outside a `cli/` folder of a package's source. */
export const consoleOutsideCli: Rule = (files) =>
  packageSource(files)
    .filter(({ path }) => !path.includes('/cli/'))
    .flatMap((file) => collect(file, 'only a cli/ folder may use', consoleVisitor))

type Report = (offset: number, name: string) => void

function collect(file: SourceFile, why: string, visitor: (report: Report) => VisitorObject): string[] {
  const found: string[] = []
  visit(
    file,
    visitor((offset, name) => found.push(at(file, offset, `${why} ${name}`))),
  )
  return found
}

function clockVisitor(report: Report): VisitorObject {
  const checkModule = (specifier: string, offset: number): void => {
    if (clockModules.has(specifier.replace(/^node:/, ''))) report(offset, `'${specifier}'`)
  }
  return {
    MemberExpression: (node) => {
      if (node.object.type === 'Identifier' && node.property.type === 'Identifier' && !node.computed) {
        const name = `${node.object.name}.${node.property.name}`
        if (clockMembers.has(name)) report(node.start, name)
        else if (node.object.name === 'globalThis' && timers.has(node.property.name)) report(node.start, name)
        else if (randomNames.has(node.property.name)) report(node.start, name)
      }
    },
    CallExpression: (node) => {
      if (node.callee.type === 'Identifier' && timers.has(node.callee.name)) report(node.start, node.callee.name)
    },
    NewExpression: (node) => {
      const isDate = node.callee.type === 'Identifier' && node.callee.name === 'Date'
      if (isDate && node.arguments.length === 0) report(node.start, 'new Date()')
    },
    ImportDeclaration: (node) => {
      checkModule(node.source.value, node.start)
      for (const specifier of node.specifiers) {
        const imported = specifier.type === 'ImportSpecifier' ? specifier.imported : undefined
        if (imported?.type === 'Identifier' && randomNames.has(imported.name)) report(specifier.start, imported.name)
      }
    },
    ImportExpression: (node) => {
      if (node.source.type === 'Literal') checkModule(String(node.source.value), node.start)
    },
  }
}

function consoleVisitor(report: Report): VisitorObject {
  return {
    MemberExpression: (node) => {
      if (node.object.type === 'Identifier' && node.object.name === 'console') report(node.start, 'console')
    },
    ImportDeclaration: (node) => {
      if (/^(node:)?console$/.test(node.source.value)) report(node.start, 'console')
    },
  }
}
