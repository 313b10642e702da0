#!/usr/bin/env node
import { type Broker, createBroker } from '../broker.js'
import { type Arguments, USAGE, readArguments } from './arguments.js'

async function run(): Promise<void> {
  const wanted = parsed()
  if (!wanted) return
  if (wanted.help) {
    console.log(USAGE)
    return
  }
  const log = wanted.verbose ? { log: (line: string): void => console.error(line) } : {}
  const broker = await createBroker({ ...wanted.options, ...log })
  announce(broker, wanted.json)
  await stopSignal()
  await broker.close()
}

function parsed(): Arguments | undefined {
  try {
    return readArguments(process.argv.slice(2))
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
    process.exitCode = 2
    return undefined
  }
}

function announce(broker: Broker, json: boolean): void {
  const { address, dataDir, faultsUrl } = broker
  if (json)
    console.log(
      JSON.stringify({ listening: true, bootstrap: address, port: broker.port, dataDir, faultsUrl, pid: process.pid }),
    )
  else
    console.log(
      `waybill-broker listens on ${address}, files in ${dataDir}${faultsUrl === undefined ? '' : `, faults at ${faultsUrl}/faults`}`,
    )
}

/** Resolves at the first request to stop; a second one ends the process at once, the default way. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })
}

run().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
})
