import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { logTail, ServerProcess } from '../../src/cluster/child-process.js'
import { kafkaJars } from '../../src/cluster/kafka-jars.js'

// from lab/dist/test/groups to the source, which Java compiles when it starts
const program = fileURLToPath(new URL('../../../test/groups/JavaMember.java', import.meta.url))
const logLevel = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'

/** Where a Java member joins. */
export interface JavaPlace {
  readonly bootstrap: string
  readonly group: string
  readonly topic: string
  /** For its log, removed by the caller. */
  readonly folder: string
}

/** Kafka's own client in a process of its own: a classic member with the assignor cooperative-sticky. */
export class JavaMember {
  readonly #process: ServerProcess
  readonly #logFile: string

  private constructor(process: ServerProcess, logFile: string) {
    this.#process = process
    this.#logFile = logFile
  }

  static async start({ bootstrap, group, topic, folder }: JavaPlace): Promise<JavaMember> {
    const logFile = join(folder, 'java.log')
    const classpath = join(await kafkaJars(), '*')
    const args = ['-Xmx256m', logLevel, '-cp', classpath, program, bootstrap, group, topic]
    return new JavaMember(await ServerProcess.start({ program: 'java', args, logFile }), logFile)
  }

  /** Partitions it has now, by what it told. Throws when it has ended. */
  partitions(): readonly number[] {
    const held = new Set<number>()
    for (const [what, numbers = ''] of this.#told())
      for (const each of numbers.split(',').map(Number)) {
        if (what === 'assigned') held.add(each)
        if (what === 'revoked' || what === 'lost') held.delete(each)
      }
    return [...held].sort((a, b) => a - b)
  }

  /** Whether it ever lost what it had without being asked. */
  get hasLost(): boolean {
    return this.#told().some(([what]) => what === 'lost')
  }

  /** `partition offset` of every record it got, in its order. */
  got(): readonly string[] {
    return this.#told().flatMap(([what, partition = '', offset = '']) =>
      what === 'got' ? `${partition} ${offset}` : [],
    )
  }

  /** Its log, for messages. */
  get logTail(): string {
    return logTail(this.#logFile)
  }

  /** Leaves the group and ends. */
  async leave(): Promise<void> {
    this.#process.signal('SIGTERM')
    await this.#process.ended
  }

  /** Ends at once, if it has not. */
  async kill(): Promise<void> {
    if (this.#process.isRunning) this.#process.signal('SIGKILL')
    await this.#process.ended
  }

  #told(): string[][] {
    const lines = readFileSync(this.#logFile, 'utf8').split('\n')
    return lines.map((line) => line.split(' '))
  }
}
