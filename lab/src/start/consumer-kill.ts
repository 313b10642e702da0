import { setTimeout as sleep } from 'node:timers/promises'
import type { Arm } from './arm.js'
import type { Cast } from './cast.js'
import { workers } from './scene.js'

/** Whom to kill. */
export interface ConsumerKill {
  readonly arm: Arm
  readonly cast: Cast
  readonly signal: AbortSignal
}

/** A kill that hit. */
export interface Hit {
  /** The flight whose handler was running. */
  readonly flight: number
  /** Messages of the topic that had no effect when the process was dead. */
  readonly behind: number
  /** Kills before that hit no handler. */
  readonly misses: number
}

const handlingMs = 30_000
const triesMax = 20
/** A consumer with messages in hand loses more; but in a slow run there may never be so many. */
const behindPatienceMs = 1_000
const lookMs = 10

/**
 * Kills the consumer (SIGKILL) while a handler runs, and starts another one. A kill counts only when that is certain: the
 * handler's beginning was told before, and its effect, which commits at its end, is not on the board after the death.
 */
export async function killAtWork({ arm, cast, signal }: ConsumerKill): Promise<Hit> {
  for (let misses = 0; misses < triesMax; misses++) {
    const untilMs = performance.now() + behindPatienceMs
    while (arm.behind < 2 * workers && performance.now() < untilMs) await sleep(lookMs, undefined, { signal })
    const flight = await arm.nextHandling(handlingMs, signal)
    await cast.kill(arm.name)
    const isHit = !arm.board.has(flight)
    const { behind } = arm
    await cast.startConsumer(arm.name, arm.plan)
    if (isHit) return { flight, behind, misses }
  }
  throw new Error(`${triesMax} kills of the ${arm.name} in a row hit no running handler`)
}
