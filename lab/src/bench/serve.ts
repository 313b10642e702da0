import { writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'

/** A process of a bench that is ready. */
export interface Ready {
  /** Called once, when the work is to begin. */
  go(): Promise<void> | void
  /** Called once, when the process is to end. */
  stop(): Promise<void>
}

/** What a worker tells its parent. */
export type WorkerMessage = { readonly kind: string } & Readonly<Record<string, unknown>>

/** Tells the parent; a parent that is gone is no error, the channel's end ends this process. */
export function tell(message: WorkerMessage): void {
  if (process.connected) process.send?.(message, undefined, {}, () => undefined)
}

/**
 * The whole of a worker process: makes itself ready with the settings of the first argument, goes and stops as told. With a
 * second argument it writes a CPU profile of the time between into that file (Chrome's developer tools read it).
 */
export function serve<Settings>(make: (settings: Settings) => Promise<Ready>): void {
  serveOrThrow(make).catch(giveUp)
}

async function serveOrThrow<Settings>(make: (settings: Settings) => Promise<Ready>): Promise<void> {
  const [, , text = '{}', profile] = process.argv
  process.channel?.ref() // the preload let go of it, and a worker that waits for its parent may hold nothing else
  const ready = await make(JSON.parse(text) as Settings)
  const profiler = profile === undefined ? undefined : await startProfile()
  const stop = async (): Promise<void> => {
    await ready.stop()
    if (profiler && profile !== undefined) writeFileSync(profile, await profiler())
    process.exit(0)
  }
  process.once('SIGTERM', () => {
    stop().catch(giveUp)
  })
  process.once('message', () => {
    Promise.resolve(ready.go()).catch(giveUp)
  })
  tell({ kind: 'ready' })
}

async function startProfile(): Promise<() => Promise<string>> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: 500 })
  await session.post('Profiler.start')
  return async () => JSON.stringify((await session.post('Profiler.stop')).profile)
}

function giveUp(error: unknown): void {
  console.error(error)
  process.exit(1)
}
