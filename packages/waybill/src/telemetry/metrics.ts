import type { Clock } from '../ports/clock.js'
import type { WaybillEvent } from '../ports/events.js'
import type { OutboxStore } from '../ports/outbox-store.js'
import { contentType, expose } from './exposition.js'
import type { MetricValue } from './exposition.js'
import { Histogram } from './histogram.js'
import { metricTable } from './metric-table.js'
import type { MetricDefinition, MetricName } from './metric-table.js'
import { StoreLooks } from './store-look.js'

/** What `metrics` returns: hand `onEvent` to `createWaybill`, and `text` to your HTTP server. */
export interface Metrics {
  /** Counts what happened. Never throws. */
  readonly onEvent: (event: WaybillEvent) => void
  /** `content-type` of the text. */
  readonly contentType: string
  /** All metrics in Prometheus' text format. Never rejects; what cannot be known now is left out. */
  text(): Promise<string>
}

/** Settings of `collectMetrics`. */
export interface MetricsSettings {
  /** Asked at each `text` for the gauges of the outbox. */
  readonly store?: OutboxStore
  /** How long the store may take to answer, ms. */
  readonly timeoutMs: number
  readonly version: string
  readonly clock: Clock
}

const publishBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const outboxBounds = [...publishBounds, 30, 60, 300, 900, 3_600]
const counters = (Object.keys(metricTable) as MetricName[]).filter((name) => {
  const definition: MetricDefinition = metricTable[name]
  return definition.type === 'counter' && definition.label === undefined
})

/** Collects the metrics of one process, and of the store that it is given. */
export function collectMetrics(settings: MetricsSettings): Metrics {
  const collector = new Collector(settings)
  return { onEvent: (event) => collector.note(event), contentType, text: () => collector.text() }
}

class Collector {
  readonly #looks: StoreLooks | undefined
  readonly #values: Map<MetricName, MetricValue>
  readonly #publish = new Histogram(publishBounds)
  readonly #inOutbox = new Histogram(outboxBounds)

  constructor({ store, timeoutMs, version, clock }: MetricsSettings) {
    this.#looks = store && new StoreLooks(store, clock, timeoutMs)
    this.#values = new Map<MetricName, MetricValue>([
      ...counters.map((name) => [name, 0] as const),
      ['waybill_build_info', new Map([[version, 1]])],
      ['waybill_refused_total', new Map()],
      ['waybill_resolved_total', new Map(['found', 'not-found', 'unknown'].map((outcome) => [outcome, 0]))],
      ['waybill_findings_total', new Map()],
      ['waybill_publish_seconds', this.#publish],
      ['waybill_time_in_outbox_seconds', this.#inOutbox],
    ])
  }

  note(event: WaybillEvent): void {
    switch (event.kind) {
      case 'enqueued':
        return this.#add('waybill_enqueued_total', event.count)
      case 'acked':
        this.#add('waybill_acknowledged_total', event.count)
        if (event.tookMs !== undefined) this.#publish.observe(event.tookMs / 1000)
        for (const ms of event.waitedMs) this.#inOutbox.observe(ms / 1000)
        return
      case 'unanswered':
        return this.#add('waybill_unanswered_total')
      case 'refused':
        return this.#add('waybill_refused_total', 1, event.code)
      case 'resolved':
        return this.#add('waybill_resolved_total', 1, event.outcome)
      case 'finding':
        return this.#add('waybill_findings_total', 1, event.finding)
      case 'lane-lost':
        return this.#add('waybill_lease_losses_total')
      case 'lanes':
        this.#values.set('waybill_lanes_held', event.held.length)
        return
      case 'kafka':
        this.#values.set('waybill_kafka_reachable', event.reachable ? 1 : 0)
        return
      case 'handled':
        return this.#add(event.already ? 'waybill_handled_before_total' : 'waybill_handled_total')
      case 'handler-failed':
        return this.#add('waybill_handler_failures_total')
      case 'dead-lettered':
        return this.#add('waybill_dead_letters_total')
      case 'dead-letter-failed':
        return this.#add('waybill_dead_letter_failures_total')
      default:
    }
  }

  async text(): Promise<string> {
    const look = await this.#looks?.look()
    if (this.#looks) this.#values.set('waybill_store_up', look ? 1 : 0)
    return (Object.keys(metricTable) as MetricName[])
      .map((name) => {
        const value = look?.get(name) ?? this.#values.get(name)
        return value === undefined ? '' : expose(name, metricTable[name], value)
      })
      .join('')
  }

  #add(name: MetricName, count = 1, of?: string): void {
    const value = this.#values.get(name)
    if (of === undefined) this.#values.set(name, (typeof value === 'number' ? value : 0) + count)
    else if (value instanceof Map) value.set(of, Number(value.get(of) ?? 0) + count)
  }
}
