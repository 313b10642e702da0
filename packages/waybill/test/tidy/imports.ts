import { posix } from 'node:path'
import { parse, type SourceFile, visit } from './source-file.js'

/** One import, export-from, `import()` or `import('…')` type of a file. */
export interface Import {
  readonly file: SourceFile
  readonly offset: number
  /** What stands in the quotes. */
  readonly specifier: string
  /** The imported source file's path from the root, for a relative import; else undefined. */
  readonly target: string | undefined
}

/** Every import of a file, type-only ones included: a type is a dependency, too. */
export function importsOf(file: SourceFile): Import[] {
  const found: Import[] = []
  const add = (specifier: string, offset: number): void => {
    const target = specifier.startsWith('.')
      ? posix.join(posix.dirname(file.path), specifier).replace(/\.js$/, '.ts')
      : undefined
    found.push({ file, offset, specifier, target })
  }
  parse(file)
  visit(file, {
    ImportDeclaration: ({ source, start }) => add(source.value, start),
    ExportAllDeclaration: ({ source, start }) => add(source.value, start),
    ExportNamedDeclaration: ({ source, start }) => {
      if (source) add(source.value, start)
    },
    ImportExpression: ({ source, start }) => {
      if (source.type === 'Literal' && typeof source.value === 'string') add(source.value, start)
    },
    TSImportType: ({ source, start }) => add(source.value, start),
  })
  return found
}
