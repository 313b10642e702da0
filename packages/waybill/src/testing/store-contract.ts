import { actCases, adminSchemaCases, askCases } from './store/admin-cases.js'
import { alertCases } from './store/alert-cases.js'
import { enqueueCases } from './store/enqueue-cases.js'
import type { StoreCase, StoreHarness, StorePromise } from './store/harness.js'
import { leaseCases } from './store/lease-cases.js'
import { outbox } from './store/scene.js'
import { keepCases, releaseCases } from './store/settle-cases.js'
import { schemaCases, setupCases } from './store/setup-cases.js'
import { conflictCases, flightCases } from './store/step-cases.js'

export type { DiscardedView, ParkedView, SentView, StoreCase, StoreHarness, StoreWorld } from './store/harness.js'

const migrated = [
  ...setupCases,
  ...enqueueCases,
  ...leaseCases,
  ...flightCases,
  ...conflictCases,
  ...releaseCases,
  ...keepCases,
  ...alertCases,
  ...askCases,
  ...actCases,
]

/**
 * Every promise of the OutboxStore port as a case for any test runner: `for (const { name, run } of storeContract(harness))
 * test(name, run)`. Each case has a world of its own, so they may run in any order or at once. A case that fails rejects
 * with an AssertionError.
 */
export function storeContract(harness: StoreHarness): readonly StoreCase[] {
  return [
    ...[...schemaCases, ...adminSchemaCases].map((promise) => bind(harness, promise, false)),
    ...migrated.map((promise) => bind(harness, promise, true)),
  ]
}

function bind(harness: StoreHarness, { name, keep }: StorePromise, migrate: boolean): StoreCase {
  return {
    name,
    async run() {
      const world = await harness.fresh()
      try {
        if (migrate) {
          await world.store.migrate(outbox)
          await world.store.open(outbox)
          await world.peer.store.open(outbox)
        }
        await keep(world)
      } finally {
        await world.close()
      }
    },
  }
}
