import type { Clock } from './ports/clock.js'
import type { OutboxStore } from './ports/outbox-store.js'
import { systemClock } from './system/clock.js'
import { waybillVersion } from './system/version.js'
import { collectMetrics } from './telemetry/metrics.js'
import type { Metrics } from './telemetry/metrics.js'

export type { Metrics } from './telemetry/metrics.js'

/** Options of `metrics`. */
export interface MetricsOptions {
  /** The outbox whose gauges are exported; without it only what this process counts. */
  readonly store?: OutboxStore
  /** How long the store may take to answer a scrape, ms. Default 2000; its gauges are absent when it takes longer. */
  readonly timeoutMs?: number
  /** For tests. */
  readonly clock?: Clock
}

/**
 * Metrics for your own HTTP server: `const seen = metrics({ store })`, `createWaybill({ …, onEvent: seen.onEvent })`, and
 * answer `GET /metrics` with `seen.contentType` and `await seen.text()`. What each metric means is in docs/operations.md.
 */
export function metrics(options: MetricsOptions = {}): Metrics {
  const { timeoutMs = 2_000, clock = systemClock, store } = options
  return collectMetrics({ ...(store && { store }), timeoutMs, clock, version: waybillVersion() })
}
