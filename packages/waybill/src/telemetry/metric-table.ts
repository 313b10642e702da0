/** What a metric is. docs/operations.md has the same table with an alert rule each; a test keeps both in step. */
export interface MetricDefinition {
  readonly type: 'gauge' | 'counter' | 'histogram'
  /** `store`: asked at each scrape, the same in every process, absent when the store cannot be asked. `process`: counted here. */
  readonly from: 'store' | 'process'
  readonly help: string
  readonly label?: string
}

/** Every metric of waybill. */
export const metricTable = {
  waybill_build_info: {
    type: 'gauge',
    from: 'process',
    help: 'Always 1; the version is in the label.',
    label: 'version',
  },
  waybill_store_up: { type: 'gauge', from: 'process', help: 'Whether the store answered this scrape: 1 or 0.' },
  waybill_kafka_reachable: {
    type: 'gauge',
    from: 'process',
    help: 'Whether Kafka answered the relay last time: 1 or 0. Absent until it was tried.',
  },
  waybill_outbox_oldest_age_seconds: {
    type: 'gauge',
    from: 'store',
    help: 'Age of the oldest message without an acknowledgement, by the database clock; 0 when none waits.',
  },
  waybill_outbox_waiting: { type: 'gauge', from: 'store', help: 'Committed messages without an acknowledgement.' },
  waybill_outbox_in_flight: {
    type: 'gauge',
    from: 'store',
    help: 'Waiting messages that are claimed: sent, or about to be.',
  },
  waybill_outbox_held: {
    type: 'gauge',
    from: 'store',
    help: 'Messages that Kafka refused, and those of their keys behind them.',
  },
  waybill_outbox_held_keys: {
    type: 'gauge',
    from: 'store',
    help: 'Keys (or messages without a key) with a refused message; counted up to 1000.',
  },
  waybill_outbox_parked: { type: 'gauge', from: 'store', help: 'Messages set aside.' },
  waybill_lanes: { type: 'gauge', from: 'store', help: 'Lanes of the outbox.' },
  waybill_lanes_unowned: {
    type: 'gauge',
    from: 'store',
    help: 'Lanes without a living lease: nobody sends their messages.',
  },
  waybill_alerts_open: { type: 'gauge', from: 'store', help: 'Open alerts.' },
  waybill_lanes_held: {
    type: 'gauge',
    from: 'process',
    help: 'Lanes leased by the relay of this process. Absent without one.',
  },
  waybill_enqueued_total: {
    type: 'counter',
    from: 'process',
    help: 'Messages inserted; their transactions may still roll back.',
  },
  waybill_acknowledged_total: {
    type: 'counter',
    from: 'process',
    help: 'Messages acknowledged by Kafka and marked in the store.',
  },
  waybill_lease_losses_total: {
    type: 'counter',
    from: 'process',
    help: 'Lanes taken over from this process or not renewed in time; not those it gave back.',
  },
  waybill_unanswered_total: {
    type: 'counter',
    from: 'process',
    help: 'Flights without a clear answer; they are repeated.',
  },
  waybill_refused_total: {
    type: 'counter',
    from: 'process',
    help: "Flights refused definitely, by Kafka's error.",
    label: 'code',
  },
  waybill_resolved_total: {
    type: 'counter',
    from: 'process',
    help: 'Uncertain flights that were read back from the topic, by what was found.',
    label: 'outcome',
  },
  waybill_findings_total: {
    type: 'counter',
    from: 'process',
    help: 'Losses, duplicates and disorder found, by kind.',
    label: 'finding',
  },
  waybill_publish_seconds: {
    type: 'histogram',
    from: 'process',
    help: 'From a produce request to its acknowledgement, a batch each.',
  },
  waybill_time_in_outbox_seconds: {
    type: 'histogram',
    from: 'process',
    help: 'From creation in the business transaction to the acknowledgement, a message each, by the database clock.',
  },
  waybill_handled_total: {
    type: 'counter',
    from: 'process',
    help: 'Messages that a consumer of this process handled.',
  },
  waybill_handled_before_total: {
    type: 'counter',
    from: 'process',
    help: 'Messages that came again and that the inbox knew.',
  },
  waybill_handler_failures_total: { type: 'counter', from: 'process', help: 'Tries of a handler that failed.' },
  waybill_dead_letters_total: {
    type: 'counter',
    from: 'process',
    help: 'Messages that went to a dead-letter topic, by its receipts.',
  },
  waybill_dead_letter_failures_total: {
    type: 'counter',
    from: 'process',
    help: 'Tries to send a dead letter that got no receipt.',
  },
} as const

/** Name of a metric. */
export type MetricName = keyof typeof metricTable
