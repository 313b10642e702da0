import assert from 'node:assert/strict'
import type { ConsumeContext, Handler } from '../../src/consume/consume-context.js'
import type { ConsumeSettings } from '../../src/consume/options.js'
import { consumeSettings } from '../../src/consume/options.js'
import { jsonCodec } from '../../src/model/codec.js'
import type { WaybillEvent } from '../../src/ports/events.js'
import { systemClock } from '../../src/system/clock.js'
import { noFailpoints } from '../../src/system/failpoints.js'
import { silentLog } from '../../src/system/log.js'

/** What differs from test to test. */
interface Scene {
  readonly handle: Handler<undefined>
  readonly settings: Partial<ConsumeSettings>
  /** Collects what is emitted. */
  readonly events: WaybillEvent[]
  readonly retryable?: (error: unknown) => boolean
  /** What of Kafka handling may use; anything else fails the test. */
  readonly kafka?: Partial<ConsumeContext<undefined>['kafka']>
}

/** What `Handling` needs: no inbox, no failpoints, pauses of a millisecond. */
export function handlingContext({ handle, settings, events, retryable, kafka }: Scene): ConsumeContext<undefined> {
  const nowhere = (): never => assert.fail('not of handling')
  const reads = { fetch: nowhere, offsets: nowhere, offsetAt: nowhere, endOffsetForEpoch: nowhere }
  const writes = { describeTopic: nowhere, initProducerId: nowhere, produce: nowhere }
  return {
    kafka: { join: nowhere, ...reads, ...writes, ...kafka },
    clock: systemClock,
    random: { next: () => 0.5, bytes: (count) => new Uint8Array(count) },
    log: silentLog,
    events: { emit: (event) => events.push(event) },
    failpoints: noFailpoints,
    group: 'g',
    topics: ['t'],
    settings: consumeSettings({ backoffMinMs: 1, backoffMaxMs: 2, ...settings }),
    inbox: undefined,
    handle,
    retryable: retryable ?? (() => true),
    codecOf: () => jsonCodec,
    deadLetterTopicOf: (topic) => `${topic}.g.dead`,
  }
}
