/**
 * Time inside one process. Never compared between processes and never stored: leases and stamps use the database clock,
 * because two hosts' clocks differ by more than a lease (F21).
 */
export interface Clock {
  /** Milliseconds since some fixed point; never goes back, also counts while the process is stopped (SIGSTOP). */
  monotonicMs(): number
  /** Milliseconds since 1970; only for message ids and for people. */
  wallMs(): number
  /** Resolves after `ms`, or at once when `signal` aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /**
   * Resolves after the event loop has looked at its sockets once. `sleep(0)` does not promise that: Node runs a timer that
   * is due again before it looks. Absent where there is no event loop to wait for (a simulation).
   */
  turn?(): Promise<void>
}
