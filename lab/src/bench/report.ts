/** What a bench found. */
export interface Result {
  readonly title: string
  readonly table: string
  /** The machine-readable last line. */
  readonly line: string
  /** Whether the goals hold, as far as their arms ran. */
  readonly holds: boolean
  /** Every run, for `-o json`. */
  readonly details: Readonly<Record<string, unknown>>
}

/** Rows as an aligned table; the columns are those of the first row, all but the first aligned right. */
export function tableText(rows: readonly Readonly<Record<string, string>>[]): string {
  const columns = Object.keys(rows[0] ?? {})
  const lines = [Object.fromEntries(columns.map((column) => [column, column])), ...rows]
  const widths = columns.map((column) => Math.max(...lines.map((line) => (line[column] ?? '').length)))
  return lines
    .map((line) =>
      columns
        .map((column, index) => {
          const text = line[column] ?? ''
          return index === 0 ? text.padEnd(widths[index] ?? 0) : text.padStart(widths[index] ?? 0)
        })
        .join('  '),
    )
    .join('\n')
}

/** `BENCH <name> key=value …` */
export function resultLine(name: string, values: Readonly<Record<string, string | number>>): string {
  return ['BENCH', name, ...Object.entries(values).map(([key, value]) => `${key}=${value}`)].join(' ')
}

/** A whole number with a space between thousands. */
export function thousands(value: number): string {
  return Number.isFinite(value) ? String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, ' ') : '-'
}
