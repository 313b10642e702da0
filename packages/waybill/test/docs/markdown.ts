import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root; this file is compiled to packages/waybill/dist/test/docs. */
export const root: string = fileURLToPath(new URL('../../../../../', import.meta.url))

/** A markdown file: its path from the root and its text. */
export interface Page {
  readonly path: string
  readonly text: string
}

const skipped = new Set(['node_modules', 'dist', '.git', '.lab'])

/** Every markdown file of the repository. */
export function pages(folder = ''): Page[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return skipped.has(entry.name) || entry.name.startsWith('.mutant-') ? [] : pages(path)
    return entry.isFile() && entry.name.endsWith('.md') ? [page(path)] : []
  })
}

/** One markdown file. */
export function page(path: string): Page {
  return { path, text: readFileSync(join(root, path), 'utf8') }
}

/** The text without code blocks and code spans: what looks like a link or a heading there is none. */
export function withoutCode(text: string): string {
  return text.replaceAll(/^(```+).*?^\1$/gms, '').replaceAll(/`[^`\n]*`/g, 'x')
}

/** Names by which a heading of the page can be linked to, as GitHub makes them. */
export function anchors({ text }: Page): Set<string> {
  const headings = text.replaceAll(/^(```+).*?^\1$/gms, '').matchAll(/^#+ (.+)$/gm)
  return new Set(
    [...headings].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

/** Cells of the rows of the first table below a heading, without its head; `line` is the heading's text. */
export function tableBelow({ path, text }: Page, heading: string): string[][] {
  const lines = text.split('\n')
  const from = lines.findIndex((line) => line.replace(/^#+ /, '') === heading && line.startsWith('#'))
  if (from === -1) throw new Error(`${path} has no heading "${heading}"`)
  const start = lines.findIndex((line, at) => at > from && line.startsWith('|'))
  const end = lines.findIndex((line, at) => at > start && !line.startsWith('|'))
  const rows = lines.slice(start + 2, end === -1 ? undefined : end)
  return rows.map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

/** The first code span of a cell. */
export function codeIn(cell = ''): string {
  return /`([^`]*)`/.exec(cell)?.[1] ?? ''
}
