import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { logTail, ServerProcess } from '../../cluster/child-process.js'
import { until } from '../../cluster/until.js'
import { Worker } from '../worker.js'
import type { ConsumerSettings, Handled, Running } from './arm.js'

// from lab/dist/src/bench/consume to the source, which Java compiles when it starts
const host = fileURLToPath(new URL('../../../../src/bench/consume/java/ConsumeHost.java', import.meta.url))
const readyDeadlineMs = 90_000

/** Where a consuming process runs. */
export interface Where {
  /** Unique; names its log. */
  readonly name: string
  readonly folder: string
  /** Folder of the Parallel Consumer's jars. */
  readonly jars: string | undefined
  /** A file for its CPU profile (Node arms). */
  readonly profile: string | undefined
}

/** Starts a consuming process; resolves when it has warmed up and waits for `go`. */
export function startArm(settings: ConsumerSettings, where: Where): Promise<Running> {
  return settings.arm === 'parallel' || settings.arm === 'java'
    ? startJava(settings, where)
    : startNode(settings, where)
}

async function startNode(settings: ConsumerSettings, { name, folder, profile }: Where): Promise<Running> {
  const worker = await Worker.start({ name, module: './consume/node-process.js', settings, folder, profile })
  return {
    pid: worker.pid,
    go: () => worker.go(),
    mustRun: () => worker.mustRun(),
    handled: async (deadlineMs) => (await worker.heard('handled', deadlineMs)) as Handled,
    kill: () => (profile === undefined ? worker.kill() : worker.stop()),
  }
}

async function startJava(settings: ConsumerSettings, { name, folder, jars }: Where): Promise<Running> {
  if (jars === undefined) throw new Error('the Parallel Consumer is not there')
  const logFile = join(folder, `${name}.log`)
  const goFile = join(folder, `${name}.go`)
  const args = ['-Xms512m', '-Xmx1g', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error', '-cp', join(jars, '*'), host]
  const java = await ServerProcess.start({ program: 'java', args: [...args, goFile, ...pairs(settings)], logFile })
  const mustRun = (): void => {
    if (!java.isRunning) throw new Error(`${name} ended:\n${logTail(logFile)}`)
  }
  const said = (kind: string, deadlineMs: number): Promise<object> => {
    const look = async (): Promise<object | undefined> => lineOf(logFile, kind)
    return until(look, { what: `${kind} of ${name}`, deadlineMs, everyMs: 20, giveUp: mustRun })
  }
  await said('ready', readyDeadlineMs)
  return {
    pid: java.pid,
    go: () => writeFileSync(goFile, ''),
    mustRun,
    handled: async (deadlineMs) => (await said('handled', deadlineMs)) as Handled,
    async kill() {
      java.signal('SIGKILL')
      await java.ended
    },
  }
}

function pairs({ arm, warm, task, record, sessionMs }: ConsumerSettings): string[] {
  const { brokers, order, slots } = task
  const settings: Record<string, string | number> = { arm, brokers: brokers.join(','), order, slots, sessionMs }
  for (const [prefix, each] of Object.entries({ warm, task }))
    if (each)
      Object.assign(settings, {
        [`${prefix}.topic`]: each.topic,
        [`${prefix}.group`]: each.group,
        [`${prefix}.count`]: each.count,
      })
  if (record !== undefined) settings['record'] = record
  return Object.entries(settings).map(([key, value]) => `${key}=${value}`)
}

function lineOf(logFile: string, kind: string): object | undefined {
  const line = readFileSync(logFile, 'utf8')
    .split('\n')
    .find((text) => text.startsWith(`{"kind":"${kind}"`))
  return line === undefined ? undefined : (JSON.parse(line) as object)
}
