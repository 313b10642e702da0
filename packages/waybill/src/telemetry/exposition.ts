import type { Histogram } from './histogram.js'
import type { MetricDefinition } from './metric-table.js'

/** The text format that every Prometheus reads. */
export const contentType = 'text/plain; version=0.0.4; charset=utf-8'

/** Values of one metric: a number, numbers by label value, or a histogram. */
export type MetricValue = number | ReadonlyMap<string, number> | Histogram

/**
 * One metric in Prometheus' text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats). Own code: the
 * format is these forty lines, and prom-client would bring two packages and a global registry.
 */
export function expose(name: string, { type, help, label }: MetricDefinition, value: MetricValue): string {
  const samples = typeof value === 'number' ? [sample(name, value)] : samplesOf(name, label ?? 'value', value)
  if (samples.length === 0) return ''
  const text = help.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`)
  return `# HELP ${name} ${text}\n# TYPE ${name} ${type}\n${samples.join('')}`
}

function samplesOf(name: string, label: string, value: ReadonlyMap<string, number> | Histogram): string[] {
  if (!('cumulative' in value)) return [...value].map(([of, count]) => sample(name, count, label, of))
  const counts = value.cumulative()
  const all = counts.at(-1) ?? 0
  return [
    ...value.bounds.map((bound, at) => sample(`${name}_bucket`, counts[at] ?? 0, 'le', String(bound))),
    sample(`${name}_bucket`, all, 'le', '+Inf'),
    sample(`${name}_sum`, value.sum),
    sample(`${name}_count`, all),
  ]
}

function sample(name: string, value: number, label?: string, of = ''): string {
  const text = of.replaceAll('\\', String.raw`\\`).replaceAll('"', String.raw`\"`).replaceAll('\n', String.raw`\n`)
  return label === undefined ? `${name} ${value}\n` : `${name}{${label}="${text}"} ${value}\n`
}
