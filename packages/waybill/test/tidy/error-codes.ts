import { at, type Rule, type SourceFile, visit } from './source-file.js'

export const errorCodesFile = 'packages/waybill/src/model/errors.ts'
export const errorDocsFile = 'docs/errors.md'

/**
 * Error codes (the keys of the exported const `errorCodes`) and the rows of docs/errors.md (a table row or a heading that
 * starts with the code in backticks): each code once, on both sides. Both files must be among the given ones.
 */
export const errorCodeDocs: Rule = (files) => {
  const source = named(files, errorCodesFile)
  const docs = named(files, errorDocsFile)
  const codes = codesOf(source)
  if (codes.length === 0) return [`${source.path}:1 exports no const errorCodes with a code in it`]
  const rows = [...docs.text.matchAll(/^(?:\|\s*|#+\s+)`([A-Z][A-Z0-9_]*)`/gm)]
  const documented = rows.map(([, name = '']) => name)
  return [
    ...codes
      .filter(({ name }) => !documented.includes(name))
      .map(({ name, start }) => at(source, start, `${name} has no row in ${docs.path}`)),
    ...rows.flatMap(({ 1: name = '', index }, place) => {
      if (!codes.some((known) => known.name === name)) return [at(docs, index, `${name} is no code of ${source.path}`)]
      return documented.indexOf(name) === place ? [] : [at(docs, index, `${name} has a second row`)]
    }),
  ]
}

function codesOf(file: SourceFile): { name: string; start: number }[] {
  const found: { name: string; start: number }[] = []
  visit(file, {
    VariableDeclarator: ({ id, init }) => {
      if (id.type !== 'Identifier' || id.name !== 'errorCodes') return
      const object = init?.type === 'TSAsExpression' || init?.type === 'TSSatisfiesExpression' ? init.expression : init
      if (object?.type !== 'ObjectExpression') return
      for (const property of object.properties) {
        if (property.type !== 'Property') continue
        const { key } = property
        if (key.type === 'Identifier') found.push({ name: key.name, start: key.start })
        else if (key.type === 'Literal') found.push({ name: String(key.value), start: key.start })
      }
    },
  })
  return found
}

function named(files: readonly SourceFile[], path: string): SourceFile {
  const file = files.find((one) => one.path === path)
  if (file === undefined) throw new Error(`there is no ${path}`)
  return file
}
