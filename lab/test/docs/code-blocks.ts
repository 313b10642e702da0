import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root; this file is compiled to lab/dist/test/docs. */
export const root: string = fileURLToPath(new URL('../../../../', import.meta.url))

/** A fenced code block and where it begins. */
export interface CodeBlock {
  readonly page: string
  readonly line: number
  readonly code: string
}

/** The TypeScript blocks of a markdown page. */
export function typeScriptIn(page: string): CodeBlock[] {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(({ 1: code = '', index }) => ({
    page,
    line: text.slice(0, index).split('\n').length,
    code,
  }))
}
