import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { LogConfig } from '../../src/log/log-config.js'
import { type LogFiles, unsyncedFiles } from '../../src/log/log-files.js'
import { type AppendResult, PartitionLog } from '../../src/log/partition-log.js'
import { RecordBatch } from '../../src/log/record-batch.js'
import { encodeBatch, T0, type TestBatch } from './batches.js'

/** Kafka's defaults, with nothing flushed unless asked for. */
export function defaultConfig(): LogConfig {
  return {
    maxMessageBytes: 1_048_588,
    timestampType: 'CreateTime',
    timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
    timestampAfterMaxMs: 3_600_000,
    compacted: false,
    flushMessages: Number.MAX_SAFE_INTEGER,
    flushMs: Number.MAX_SAFE_INTEGER,
    segmentBytes: 1_073_741_824,
    retentionMs: 604_800_000,
    retentionBytes: -1,
    producerIdExpirationMs: 86_400_000,
  }
}

/** One partition in a directory of its own, with a clock and a configuration that the test turns. */
export class Partition {
  readonly dir: string
  readonly config: LogConfig
  readonly files: LogFiles
  readonly clock: { nowMs: number } = { nowMs: T0 }
  #log: PartitionLog | undefined

  private constructor(dir: string, config: LogConfig, files: LogFiles) {
    this.dir = dir
    this.config = config
    this.files = files
  }

  static async create(
    t: TestContext | undefined,
    settings: Partial<LogConfig> = {},
    files: LogFiles = unsyncedFiles,
  ): Promise<Partition> {
    const root = mkdtempSync(join(tmpdir(), 'waybill-log-'))
    const partition = new Partition(join(root, 'p'), { ...defaultConfig(), ...settings }, files)
    await partition.reopen()
    t?.after(() => partition.remove())
    return partition
  }

  get log(): PartitionLog {
    if (this.#log === undefined) throw new Error('the log was never opened')
    return this.#log
  }

  /** Ends the test: closes the log and removes its directory. */
  remove(): void {
    this.log.close()
    rmSync(join(this.dir, '..'), { recursive: true, force: true })
  }

  append(spec: TestBatch = {}, leaderEpoch = 0): AppendResult {
    return this.log.append(encodeBatch(spec), leaderEpoch)
  }

  /** Opens the directory again, as the next process would. */
  async reopen(): Promise<void> {
    this.#log = await PartitionLog.open(
      this.dir,
      () => this.config,
      () => this.clock.nowMs,
      this.files,
    )
  }

  async restartCleanly(): Promise<void> {
    this.log.close()
    await this.reopen()
  }
  async crash(): Promise<void> {
    this.log.abandon()
    await this.reopen()
  }
  async losePower(): Promise<void> {
    this.log.dropUnflushed()
    await this.reopen()
  }

  /** All stored batches from `from` on. */
  stored(from: number = this.log.startOffset): RecordBatch[] {
    const batches: RecordBatch[] = []
    for (let offset = from; offset < this.log.endOffset; ) {
      const read = this.log.read(offset, 1 << 20)
      if (read.kind !== 'ok' || read.bytes.length === 0) throw new Error(`nothing to read at ${offset}`)
      for (let at = 0; at < read.bytes.length; ) {
        const size = read.bytes.readInt32BE(at + 8) + 12
        const batch = new RecordBatch(read.bytes.subarray(at, at + size))
        batches.push(batch)
        at += size
        offset = batch.lastOffset + 1
      }
    }
    return batches
  }
}

/** The result without the fields that a test does not ask about, for short comparisons. */
export function outcome(result: AppendResult): string {
  if (result.kind === 'rejected') return `rejected ${result.errorCode}`
  return `${result.kind} ${result.baseOffset}-${result.lastOffset}`
}
