import fc from 'fast-check'
import type { Plan } from './run.js'
import { actionKinds, busySteps } from './run.js'

/** All plans. */
export const plans: fc.Arbitrary<Plan> = fc.record({
  seed: fc.integer({ min: 0, max: 0xffffffff }),
  records: fc.integer({ min: 5, max: 40 }),
  inbox: fc.boolean(),
  deadLetters: fc.boolean(),
  batches: fc.boolean(),
  metadataMax: fc.constantFrom(4096, 4096, 60, 26, 16),
  actions: fc.array(
    fc.record({ at: fc.integer({ min: 20, max: busySteps - 10 }), kind: fc.constantFrom(...actionKinds) }),
    {
      maxLength: 8,
    },
  ),
})
