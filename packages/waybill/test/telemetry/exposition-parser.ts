/** A metric family as a scraper understands it. */
export interface Family {
  readonly type: string
  readonly help: string
  readonly samples: readonly Sample[]
}

/** One line: name, labels, value. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const nameText = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const labelText = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`
const sampleLine = new RegExp(`^(${nameText})(?:\\{(${labelText}(?:,${labelText})*),?\\})? (\\S+)$`)
const valueText = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]Inf|NaN)$/

/**
 * Reads Prometheus' text format 0.0.4 by its specification, strictly: HELP and TYPE once and before the samples of a family,
 * a family's lines together, known types, no sample twice, histograms complete and rising, a line feed at the end. Shares no
 * code with the writer. Throws at the first fault.
 */
export function parseExposition(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const families = new Map<string, { type: string; help: string; samples: Sample[] }>()
  let current = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const head = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line)
    if (head) {
      const [, kind, name = '', rest = ''] = head
      if (!new RegExp(`^${nameText}$`).test(name)) throw new Error(`no name: ${line}`)
      const known = families.get(name)
      if (kind === 'HELP') {
        if (known) throw new Error(`a second HELP: ${line}`)
        families.set(name, { type: '', help: rest, samples: [] })
        current = name
      } else {
        if (!known || known.type !== '' || known.samples.length > 0 || current !== name)
          throw new Error(`TYPE: ${line}`)
        if (!/^(counter|gauge|histogram|summary|untyped)$/.test(rest)) throw new Error(`no type: ${line}`)
        known.type = rest
      }
      continue
    }
    const sample = sampleOf(line)
    const family = families.get(current)
    if (!family || family.type === '') throw new Error(`a sample before its type: ${line}`)
    const allowed = family.type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => current + end) : [current]
    if (!allowed.includes(sample.name)) throw new Error(`${sample.name} among the samples of ${current}`)
    const same = (other: Sample): boolean =>
      other.name === sample.name && JSON.stringify(other.labels) === JSON.stringify(sample.labels)
    if (family.samples.some(same)) throw new Error(`twice: ${line}`)
    family.samples.push(sample)
  }
  for (const [name, family] of families) check(name, family)
  return families
}

function sampleOf(line: string): Sample {
  const found = sampleLine.exec(line)
  const [, name = '', labels = '', value = ''] = found ?? []
  if (!found || !valueText.test(value)) throw new Error(`not a sample: ${line}`)
  const pairs = [...labels.matchAll(/([a-zA-Z0-9_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', raw = '']) => {
    const plain = raw.replaceAll(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))
    return [label, plain] as const
  })
  const number = value.endsWith('Inf') ? Number(`${value}inity`) : Number(value)
  return { name, labels: Object.fromEntries(pairs), value: number }
}

function check(name: string, { type, samples }: Family): void {
  if (samples.length === 0) throw new Error(`${name} has no sample`)
  if (type === 'counter' && samples.some(({ value }) => !(value >= 0))) throw new Error(`${name} fell below zero`)
  if (type !== 'histogram') return
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`)
  const bounds = buckets.map(({ labels }) => Number(labels.le?.replace('+Inf', 'Infinity')))
  const rises = (all: readonly number[], strictly: boolean): boolean =>
    all.every((value, i) => i === 0 || value > (all[i - 1] ?? 0) || (!strictly && value === all[i - 1]))
  if (!rises(bounds, true) || bounds.at(-1) !== Infinity) throw new Error(`buckets of ${name}: ${bounds.join()}`)
  const counts = buckets.map(({ value }) => value)
  if (!rises(counts, false)) throw new Error(`counts of ${name} fall: ${counts.join()}`)
  const count = samples.find((sample) => sample.name === `${name}_count`)
  const sum = samples.find((sample) => sample.name === `${name}_sum`)
  if (!sum || count?.value !== counts.at(-1)) throw new Error(`${name} has no sum or another count`)
}
