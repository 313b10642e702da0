import { acceptCases } from './inbox/accept-cases.js'
import type { InboxCase, InboxHarness, InboxPromise } from './inbox/harness.js'
import { keepCases, schemaCases } from './inbox/keep-cases.js'

export type { InboxCase, InboxHarness, InboxSide, InboxWorld } from './inbox/harness.js'

/**
 * Every promise of the InboxStore port as a case for any test runner: `for (const { name, run } of inboxContract(harness))
 * test(name, run)`. Each case has a world of its own, so they may run in any order or at once. A case that fails rejects
 * with an AssertionError.
 */
export function inboxContract(harness: InboxHarness): readonly InboxCase[] {
  return [
    ...schemaCases.map((promise) => bind(harness, promise, false)),
    ...[...acceptCases, ...keepCases].map((promise) => bind(harness, promise, true)),
  ]
}

function bind(harness: InboxHarness, { name, keep }: InboxPromise, migrate: boolean): InboxCase {
  return {
    name,
    async run() {
      const world = await harness.fresh()
      try {
        if (migrate) {
          await world.inbox.migrate()
          await world.inbox.open()
          await world.peer.inbox.open()
        }
        await keep(world)
      } finally {
        await world.close()
      }
    },
  }
}
