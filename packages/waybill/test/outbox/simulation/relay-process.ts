import { WaybillError } from '../../../src/model/errors.js'
import { relayOptions } from '../../../src/outbox/options.js'
import { Relay } from '../../../src/outbox/relay.js'
import type { OutboxStore } from '../../../src/ports/outbox-store.js'
import { silentLog } from '../../../src/system/log.js'
import type { Dice } from '../../simulation/dice.js'
import { SimProcess } from '../../simulation/process.js'
import type { SimKafka } from './kafka.js'
import type { VirtualTime } from '../../simulation/virtual-time.js'

/** Times of the simulated relays, ms. */
export const drainMs = 2_000
const relaySettings = {
  leaseMs: 600,
  pollMs: 50,
  sweepMs: 3_000,
  requestTimeoutMs: 500,
  drainMs,
  backoffMinMs: 10,
  backoffMaxMs: 200,
  batchRowsMax: 3,
  pipelines: 1,
  rejectAfter: 3,
  alertAfterMs: 1_000_000_000,
}

/** What relay processes share. */
export interface Surroundings {
  readonly time: VirtualTime
  readonly dice: Dice
  readonly kafka: SimKafka
  readonly store: OutboxStore
  readonly lanes: number
  storeFaultRate: number
}

/** A relay in a process that can be killed and paused at any await. */
export class RelayProcess extends SimProcess {
  readonly #around: Surroundings

  constructor(name: string, around: Surroundings) {
    super(name, around.time)
    this.#around = around
    const { time, dice } = around
    const relay = new Relay(
      {
        store: this.#store(),
        broker: around.kafka.portOf(this),
        clock: this.clock,
        random: { next: () => dice.roll(), bytes: (count) => new Uint8Array(count) },
        log: process.env.SIM_TRACE
          ? {
              ...silentLog,
              warn: (m, f) => trace(name, time.nowMs, m, f),
              error: (m, f) => trace(name, time.nowMs, m, f),
            }
          : silentLog,
        events: { emit: (event) => trace(name, time.nowMs, event) },
        failpoints: { hit: () => undefined },
      },
      {
        source: 'sim',
        lanes: around.lanes,
        owner: name,
        options: relayOptions(relaySettings),
        policyOf: () => 'park',
        sinks: [],
        hangUp: async () => undefined,
      },
    )
    relay.start()
  }

  /** The store from this process: every call crosses there and back, and may fail without or with its effect. */
  #store(): OutboxStore {
    const { store } = this.#around
    return new Proxy(store, {
      get: (target, name, receiver): unknown => {
        const value: unknown = Reflect.get(target, name, receiver)
        if (typeof value !== 'function' || typeof name !== 'string') return value
        if (name === 'changed') return undefined
        return (...args: unknown[]) => this.#call(name, () => Reflect.apply(value, target, args) as Promise<unknown>)
      },
    })
  }

  async #call(name: string, run: () => Promise<unknown>): Promise<unknown> {
    const { dice } = this.#around
    await this.cross(name)
    if (dice.chance(this.#around.storeFaultRate)) throw new WaybillError('WB_STORE_BUSY', 'simulated')
    const result = await run()
    await this.cross(`${name} back`)
    if (dice.chance(this.#around.storeFaultRate / 2))
      throw new WaybillError('WB_STORE_FAILED', 'simulated: outcome unknown')
    return result
  }
}

/** Prints the story of a run when SIM_TRACE is set. */
function trace(...story: readonly unknown[]): void {
  if (process.env.SIM_TRACE) console.log(...story)
}
