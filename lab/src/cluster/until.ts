import { setTimeout as sleep } from 'node:timers/promises'

/** What to wait for, and how long. */
export interface Wait {
  /** What the error calls the awaited thing. */
  readonly what: string
  /** After so many milliseconds the wait fails. */
  readonly deadlineMs: number
  /** Milliseconds between two looks; 100 unless told. */
  readonly everyMs?: number
  /** Asked before every look: throws when waiting has become pointless, for example because the process died. */
  readonly giveUp?: () => void
}

/**
 * Looks again and again until `look` answers something other than undefined or false, and resolves to that answer.
 * A look that throws counts as "not yet". Fails at the deadline with the last error as its cause.
 */
export async function until<T>(look: () => Promise<T | undefined | false>, wait: Wait): Promise<T> {
  const deadline = performance.now() + wait.deadlineMs
  let cause: unknown
  for (;;) {
    wait.giveUp?.()
    try {
      const answer = await look()
      if (answer !== undefined && answer !== false) return answer
    } catch (error) {
      cause = error
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${wait.deadlineMs} ms in vain for ${wait.what}${lastWord(cause)}`, { cause })
    }
    await sleep(wait.everyMs ?? 100)
  }
}

const lastWord = (cause: unknown): string => (cause instanceof Error ? `; last error: ${cause.message}` : '')
