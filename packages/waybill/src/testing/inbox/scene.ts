import type { InboxEntry } from '../../ports/inbox-store.js'
import type { InboxSide } from './harness.js'

let entryNumber = 0

/** An entry with a fresh id; group `billing`, source `shop`, a time of 2023 unless told otherwise. */
export function entry(over: Partial<InboxEntry> = {}): InboxEntry {
  const messageId = (++entryNumber).toString(16).padStart(32, '0')
  return { group: 'billing', source: 'shop', messageId, timeMs: 1_700_000_000_000, ...over }
}

/** Accepts the entries in one transaction of their own. */
export function accept(side: InboxSide, ...entries: readonly InboxEntry[]): Promise<readonly boolean[]> {
  return side.transactions.run(async (tx) => {
    const results: boolean[] = []
    for (const one of entries) results.push(await side.inbox.accept(side.transactions, tx, one))
    return results
  })
}

/** Whether the entry was new. */
export async function isNew(side: InboxSide, one: InboxEntry): Promise<boolean> {
  const [first] = await accept(side, one)
  return first === true
}

/** Runs `work` again while the database asks for it: what a consumer does with a handler whose transaction failed. */
export async function untilDone<T>(work: () => Promise<T>): Promise<T> {
  const triesMax = 50
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      const isRetryable = error instanceof Error && 'retryable' in error && error.retryable === 'yes'
      if (!isRetryable || tries === triesMax) throw error
    }
  }
}

/** Lets everything else that is ready go on, `count` times. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}
