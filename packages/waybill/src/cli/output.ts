/** Where a command prints: a table for people or JSON for programs. */
export interface Output {
  readonly json: boolean
  write(text: string): void
}

/**
 * Text from outside made harmless for a terminal: control and format characters (colours, cursor moves, bidirectional tricks,
 * line breaks) become `\x1b` or `\u{202e}`.
 */
export function safe(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0
    const hex = code.toString(16)
    return code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`
  })
}

/** JSON whose text is harmless for a terminal, too: what JSON leaves as it is becomes `\uXXXX`, which means the same. */
export function json(value: unknown): string {
  const text = JSON.stringify(value, null, 2)
  const units = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu
  const escaped = text.replaceAll(units, (char) =>
    [...Array(char.length).keys()].map((at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  )
  return `${escaped}\n`
}

/** Columns side by side, two spaces between; cells are made harmless, and all but the last are cut at 40 characters. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell, at) => cut(safe(cell), at === head.length - 1 ? 200 : 40)))
  const widths = head.map((_, at) => Math.max(...cells.map((row) => lengthOf(row[at] ?? ''))))
  const line = (row: readonly string[]): string =>
    row.map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - lengthOf(cell))).join('  ')
  return cells.map((row) => `${line(row).trimEnd()}\n`).join('')
}

/**
 * Columns side by side that fit into `columns` characters: the columns named in `elastic` (by head) give way, the widest
 * first, down to 8. Nothing else is cut, so a row of numbers alone may be wider.
 */
export function screenTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { elastic, columns = screenColumns }: { readonly elastic: readonly string[]; readonly columns?: number },
): string {
  const cells = [head, ...rows].map((row) => row.map(safe))
  const widths = head.map((_, at) => Math.max(...cells.map((row) => lengthOf(row[at] ?? ''))))
  const over = (): number => widths.reduce((sum, width) => sum + width + 2, -2) - columns
  while (over() > 0) {
    const [widest] = head.flatMap((name, at) => (elastic.includes(name) ? [at] : [])).sort(byWidth(widths))
    if (widest === undefined || (widths[widest] ?? 0) <= elasticMin) break
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  const line = (row: readonly string[]): string =>
    row.map((cell, at) => padded(cut(cell, widths[at] ?? 0), widths[at] ?? 0)).join('  ')
  return cells.map((row) => `${line(row).trimEnd()}\n`).join('')
}

/** A fact with its name in front, in as many lines of at most `columns` as it takes: what is cut off may be the fix. */
export function screenFact(name: string, text: string, columns: number = screenColumns): string {
  const first = name === '' ? '' : `${name.padEnd(factNameColumns)}  `
  const room = columns - first.length
  const lines: string[] = []
  for (const word of safe(text).split(' ')) {
    const last = lines.at(-1)
    const joined = last === undefined ? word : `${last} ${word}`
    if (last !== undefined && lengthOf(joined) <= room) lines[lines.length - 1] = joined
    else lines.push(...chunksOf(word, room))
  }
  return lines.map((line, at) => `${at === 0 ? first : ' '.repeat(first.length)}${line}\n`).join('')
}

const factNameColumns = 8

function chunksOf(word: string, room: number): string[] {
  const chars = Array.from(word)
  const count = Math.max(1, Math.ceil(chars.length / room))
  return Array.from({ length: count }, (_, at) => chars.slice(at * room, (at + 1) * room).join(''))
}

const screenColumns = 100
const elasticMin = 8

function byWidth(widths: readonly number[]): (a: number, b: number) => number {
  return (a, b) => (widths[b] ?? 0) - (widths[a] ?? 0)
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - lengthOf(text)))
}

function cut(text: string, most: number): string {
  const chars = Array.from(text)
  return chars.length <= most ? text : `${chars.slice(0, most - 1).join('')}…`
}

/** A duration for people: `850 ms`, `12 s`, `3 min`, `2 h 5 min`, `4 d 1 h`. */
export function duration(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000)
  if (seconds === 0) return `${Math.round(Math.max(0, ms))} ms`
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  const rest = (part: number, unit: string): string => (part === 0 ? '' : ` ${part} ${unit}`)
  if (hours < 24) return `${hours} h${rest(minutes % 60, 'min')}`
  return `${Math.floor(hours / 24)} d${rest(hours % 24, 'h')}`
}

/** Bytes for people: their text when it is UTF-8, else hex; `-` for none. */
export function bytesText(bytes: Uint8Array | null): string {
  if (bytes === null) return '-'
  return utf8(bytes) ?? `0x${Buffer.from(bytes).toString('hex')}`
}

/** Bytes for programs: text when it is UTF-8, and base64 always. */
export function bytesJson(bytes: Uint8Array | null): { readonly text: string | null; readonly base64: string } | null {
  return bytes === null ? null : { text: utf8(bytes) ?? null, base64: Buffer.from(bytes).toString('base64') }
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** A time for programs and logs. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}

/** In code points: near enough to columns for keys and topic names. */
function lengthOf(text: string): number {
  return Array.from(text).length
}
