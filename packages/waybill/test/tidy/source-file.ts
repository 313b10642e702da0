import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { parseSync, type Program, Visitor, type VisitorObject } from 'oxc-parser'

/** A file of the repository: its path from the root, with slashes, and its text. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** A tidy rule: a line of text, `path:line what is wrong`, for every violation. */
export type Rule = (files: readonly SourceFile[]) => string[]

const skipped = new Set(['node_modules', 'dist', 'generated', '.git', '.lab'])

/** The files below a folder, without what is installed, compiled or generated. */
export function readFiles(root: string, folder = '', isWanted: RegExp = /\.(ts|mjs|md)$/): SourceFile[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : readFiles(root, path, isWanted)
    if (!entry.isFile() || !isWanted.test(entry.name)) return []
    return [
      { path: relative(root, join(root, path)).split(sep).join('/'), text: readFileSync(join(root, path), 'utf8') },
    ]
  })
}

/** The TypeScript and JavaScript among them. */
export const code = (files: readonly SourceFile[]): SourceFile[] => files.filter(({ path }) => /\.(ts|mjs)$/.test(path))

/** The code of the published packages, without their tests: what the rules on clocks, consoles and SQL are about. */
export const packageSource = (files: readonly SourceFile[]): SourceFile[] =>
  code(files).filter(({ path }) => /^packages\/[^/]+\/src\//.test(path))

/** `path:line message` for a place in a file. */
export function at(file: SourceFile, offset: number, message: string): string {
  return `${file.path}:${file.text.slice(0, offset).split('\n').length} ${message}`
}

interface Parsed {
  readonly program: Program
  readonly comments: readonly { readonly value: string; readonly start: number }[]
}

const parsed = new WeakMap<SourceFile, Parsed>()

/** The syntax tree and the comments of a file; parsed once. */
export function parse(file: SourceFile): Parsed {
  const known = parsed.get(file)
  if (known !== undefined) return known
  const { program, comments, errors } = parseSync(file.path, file.text)
  if (errors[0] !== undefined) throw new Error(`${file.path} does not parse: ${errors[0].message}`)
  const result = { program, comments }
  parsed.set(file, result)
  return result
}

/** Visits every node of a file; the visitor's own place collects. */
export function visit(file: SourceFile, visitor: VisitorObject): void {
  new Visitor(visitor).visit(parse(file).program)
}
