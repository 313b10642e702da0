import { readFileSync } from 'node:fs'

/** The version of this waybill, from its package.json beside `dist`. */
export function waybillVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(text) as { readonly version?: unknown }
  return typeof version === 'string' ? version : 'unknown'
}
