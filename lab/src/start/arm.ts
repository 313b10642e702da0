import type { ArrivalsBoard } from './arrivals-board.js'
import type { ConsumerPlan } from './cast.js'
import type { ChildMessage } from './messages.js'
import type { ConsumerName } from './scene.js'

/** One consumer with its board, as the orchestrator sees them. */
export class Arm {
  readonly name: ConsumerName
  readonly group: string
  readonly board: ArrivalsBoard
  readonly plan: ConsumerPlan
  /** Records that the topic has got so far. */
  readonly #sent: () => number
  #poolSize = 0
  #handling: ((number: number) => void) | undefined

  constructor(options: Pick<Arm, 'name' | 'group' | 'board' | 'plan'> & { readonly sent: () => number }) {
    const { name, group, board, plan, sent } = options
    this.name = name
    this.group = group
    this.board = board
    this.plan = plan
    this.#sent = sent
  }

  /** Messages in the topic that have no effect yet. */
  get behind(): number {
    return Math.max(0, this.#sent() - this.board.rows())
  }

  /** Messages that are fetched and not handled, as far as the process tells. */
  get poolSize(): number {
    return this.#poolSize
  }

  heard(message: ChildMessage): void {
    if (message.kind === 'ready') this.#poolSize = 0
    else if (message.kind === 'pool') this.#poolSize = message.size
    else if (message.kind === 'handling') this.#handling?.(message.number)
  }

  /** The flight with which the next slow handler begins; rejects at the deadline or when `signal` aborts. */
  async nextHandling(deadlineMs: number, signal: AbortSignal): Promise<number> {
    let timer: NodeJS.Timeout | undefined
    let abort = (): void => undefined
    try {
      return await new Promise((resolve, reject) => {
        this.#handling = resolve
        timer = setTimeout(() => reject(new Error(`the ${this.name} handles nothing for ${deadlineMs} ms`)), deadlineMs)
        abort = () => reject(signal.reason instanceof Error ? signal.reason : new Error('ended'))
        signal.addEventListener('abort', abort, { once: true })
        if (signal.aborted) abort()
      })
    } finally {
      this.#handling = undefined
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    }
  }
}
