import type { Log } from '../ports/log.js'

/** SIGTERM and SIGINT as a signal: the first one asks to stop, the second one ends the process at once. */
export function stopSignal(log: Log): { readonly signal: AbortSignal; wait(): Promise<void>; dispose(): void } {
  const stop = new AbortController()
  const names = ['SIGTERM', 'SIGINT'] as const
  const asked = (name: NodeJS.Signals): void => {
    if (stop.signal.aborted) process.exit(1)
    log.info('stopping: no new claims, open flights may end', { signal: name })
    stop.abort()
  }
  for (const name of names) process.on(name, asked)
  return {
    signal: stop.signal,
    wait: () =>
      new Promise((resolve) => {
        if (stop.signal.aborted) resolve()
        else stop.signal.addEventListener('abort', () => resolve(), { once: true })
      }),
    dispose() {
      for (const name of names) process.off(name, asked)
    },
  }
}
