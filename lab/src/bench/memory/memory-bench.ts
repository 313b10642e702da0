import { setTimeout as sleep } from 'node:timers/promises'
import { Brokers } from '../consume/brokers.js'
import { fillTopic } from '../consume/fill-topic.js'
import { nowork } from '../consume/workload.js'
import { type BenchOptions, chosenArms } from '../options.js'
import { type Result, resultLine, tableText, thousands } from '../report.js'
import { median } from '../statistics.js'
import { Worker } from '../worker.js'
import type { MemorySettings } from './memory-process.js'

const topic = 'bench.memory'
const replicationFactor = 3
const mib = 1_048_576
const workers = 16
const workMs = 50

/** What bounds the buffer: the usual settings (messages of each partition), or the bytes of all. */
const memoryArmNames = ['messages', 'bytes'] as const
type MemoryArmName = (typeof memoryArmNames)[number]
const bounds: Readonly<Record<MemoryArmName, Pick<MemorySettings, 'batch' | 'bufferBytesMax'>>> = {
  messages: { batch: 500, bufferBytesMax: 64 * mib },
  bytes: { batch: 1_000_000, bufferBytesMax: 64 * mib },
}

/** Growth of the resident memory from the second to the last third that is still flat: garbage comes and goes. */
const growthMax = 1.1
/** Beside the buffer: answers of the brokers being read (a MiB a partition, several leaders) and garbage not collected yet. */
const besideMiB = 96

/** What a run held in memory, second by second, in MiB. */
interface Memory {
  readonly beforeMiB: number
  readonly rssMiB: readonly number[]
  readonly heapMiB: readonly number[]
  readonly handled: number
}

/** `bench memory`: slow handlers in front of a large backlog; the resident memory must be flat and bounded. */
export async function memoryBench(options: BenchOptions): Promise<Result> {
  const arms = chosenArms(options.arms, memoryArmNames)
  await using brokers = await Brokers.start()
  await fillTopic(brokers.admin, topic, nowork(options.count), replicationFactor)
  const found = new Map<MemoryArmName, Memory>()
  for (const arm of arms) found.set(arm, await watch(arm, brokers, options.seconds))
  return report(found, options)
}

async function watch(arm: MemoryArmName, brokers: Brokers, seconds: number): Promise<Memory> {
  const settings: MemorySettings = {
    ...{ brokers: brokers.addresses, topic, group: `memory-${arm}`, workers, workMs },
    ...bounds[arm],
  }
  const name = `memory-${arm}`
  const worker = await Worker.start({ name, module: './memory/memory-process.js', settings, folder: brokers.folder })
  try {
    worker.go()
    await sleep(seconds * 1_000)
    worker.mustRun()
    const looks = worker.all('memory') as readonly Look[]
    const { rss } = (await worker.heard('before', 1_000)) as Pick<Look, 'rss'>
    const toMiB = (of: (look: Look) => number): number[] => looks.map((look) => of(look) / mib)
    return {
      beforeMiB: rss / mib,
      rssMiB: toMiB((look) => look.rss),
      heapMiB: toMiB((look) => look.heapUsed),
      handled: looks.at(-1)?.handled ?? 0,
    }
  } finally {
    await worker.kill()
  }
}

interface Look {
  readonly rss: number
  readonly heapUsed: number
  readonly handled: number
}

/** Median of the last third ÷ median of the second third. */
export function growthOf(values: readonly number[]): number {
  const third = Math.floor(values.length / 3)
  return median(values.slice(-third)) / median(values.slice(third, 2 * third))
}

function report(found: ReadonlyMap<MemoryArmName, Memory>, { seconds, count }: BenchOptions): Result {
  const rows = [...found].map(([arm, { beforeMiB, rssMiB, heapMiB, handled }]) => ({
    'bounded by': arm,
    'RSS before MiB': beforeMiB.toFixed(0),
    'median MiB': median(rssMiB).toFixed(0),
    'highest MiB': Math.max(...rssMiB).toFixed(0),
    'last ÷ second third': growthOf(rssMiB).toFixed(2),
    'heap highest MiB': Math.max(...heapMiB).toFixed(0),
    handled: thousands(handled),
  }))
  const isGood = ([arm, { beforeMiB, rssMiB }]: [MemoryArmName, Memory]): boolean =>
    growthOf(rssMiB) <= growthMax && Math.max(...rssMiB) <= beforeMiB + bounds[arm].bufferBytesMax / mib + besideMiB
  const line: Record<string, string> = {}
  for (const [arm, { rssMiB }] of found) {
    line[`${arm}-mib`] = Math.max(...rssMiB).toFixed(0)
    line[`${arm}-growth`] = growthOf(rssMiB).toFixed(2)
  }
  return {
    title: `memory: ${thousands(count)} records waiting, ${workers} workers of ${workMs} ms for ${seconds} s`,
    table: tableText(rows),
    line: resultLine('memory', line),
    holds: [...found].every(isGood),
    details: Object.fromEntries(found),
  }
}
