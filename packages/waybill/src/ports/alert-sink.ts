import type { Alert } from './outbox-store.js'

/** Where alerts go: a pager, a webhook, a log. */
export interface AlertSink {
  /** Names the sink in the store; keep it stable across restarts. */
  readonly name: string
  /**
   * Resolves when the alert has arrived; a rejection or no answer before `signal` aborts means "again later". It may be
   * called again with the same alert and state, from another process too: a relay can die between arrival and note.
   */
  deliver(alert: Alert, state: 'opened' | 'resolved', signal: AbortSignal): Promise<void>
}
