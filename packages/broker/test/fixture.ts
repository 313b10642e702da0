import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Broker, type BrokerOptions, createBroker } from '../src/broker.js'
import { Client } from './client.js'
import { RawClient } from './raw-client.js'

const pending = new WeakMap<TestContext, (() => unknown)[]>()

/** Undoes things in the opposite order of their making; node:test's own hooks run in the same order. */
export function lastly(t: TestContext, undo: () => unknown): void {
  const list = pending.get(t) ?? []
  if (list.length === 0) {
    pending.set(t, list)
    t.after(async () => {
      for (const action of list.reverse()) await action()
    })
  }
  list.push(undo)
}

/** A broker that is closed when the test ends. */
export async function started(t: TestContext, options: BrokerOptions = {}): Promise<Broker> {
  const broker = await createBroker(options)
  lastly(t, () => broker.close())
  return broker
}

/** A connection of @platformatic/kafka that is closed when the test ends. */
export async function connected(t: TestContext, broker: Broker): Promise<Client> {
  const client = await Client.connect(broker)
  lastly(t, () => client.close())
  return client
}

/** A connection of our own codecs that is closed when the test ends. */
export async function raw(t: TestContext, broker: Broker): Promise<RawClient> {
  const client = await RawClient.connect(broker.port)
  lastly(t, () => client.close())
  return client
}

/** A directory that is removed when the test ends. */
export function directory(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'waybill-broker-test-'))
  lastly(t, () => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** Waits until `holds` answers true; fails after 5 s with what was waited for. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited 5 s in vain: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
