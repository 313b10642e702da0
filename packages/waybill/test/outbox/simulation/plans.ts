import fc from 'fast-check'
import type { Plan } from './run.js'
import { actionKinds, busySteps } from './run.js'

/** All plans. */
export const plans: fc.Arbitrary<Plan> = fc.record({
  seed: fc.integer({ min: 0, max: 0xffffffff }),
  messages: fc.integer({ min: 2, max: 14 }),
  restore: fc.constantFrom('none', 'none', 'noticed', 'noticed', 'unnoticed', 'unnoticed'),
  backupAt: fc.integer({ min: 220, max: 340 }),
  restoreAt: fc.integer({ min: 340, max: busySteps - 180 }),
  actions: fc.array(
    fc.record({ at: fc.integer({ min: 40, max: busySteps - 10 }), kind: fc.constantFrom(...actionKinds) }),
    {
      maxLength: 6,
    },
  ),
})
