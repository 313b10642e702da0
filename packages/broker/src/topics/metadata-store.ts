import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { newUuid } from '../protocol/uuid.js'
import type { Random } from '../system/random.js'

/** A topic as it is stored: one leader epoch per partition. */
export interface TopicRecord {
  readonly name: string
  readonly id: string
  readonly configs: Readonly<Record<string, string>>
  readonly leaderEpochs: readonly number[]
}

/** Everything Kafka keeps in its metadata log that this broker needs. */
export interface ClusterState {
  readonly clusterId: string
  /** The first producer id that no block has taken yet. */
  readonly nextProducerId: number
  readonly topics: readonly TopicRecord[]
  /** Dynamic broker configs, for this node and for all nodes. */
  readonly brokerConfigs: Readonly<Record<string, string>>
  readonly clusterConfigs: Readonly<Record<string, string>>
  /** Directories of deleted topics that may still be on disk. */
  readonly garbage: readonly string[]
}

const FILE = 'metadata.json'

/** Writes a file so that after a power loss either the old or the new content is there, whole. */
export function writeDurably(dir: string, name: string, text: string): void {
  const temporary = join(dir, `${name}.new`)
  const file = openSync(temporary, 'w')
  try {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(temporary, join(dir, name))
  syncDirectory(dir)
}

function syncDirectory(dir: string): void {
  const handle = openSync(dir, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/**
 * The broker's durable metadata: topics, ids, configs, leader epochs, producer id blocks. Every change is on disk
 * (fsync) before it is answered, as KRaft syncs its metadata log on every append; so a power loss never takes it.
 */
export class MetadataStore {
  readonly #dir: string
  #state: ClusterState
  #sealed = false

  private constructor(dir: string, state: ClusterState) {
    this.#dir = dir
    this.#state = state
  }

  /** Opens or creates the metadata in `dir`; `random` makes the id of a new cluster. */
  static open(dir: string, random: Random): MetadataStore {
    mkdirSync(dir, { recursive: true })
    const path = join(dir, FILE)
    const known = existsSync(path)
    const store = new MetadataStore(
      dir,
      known ? (JSON.parse(readFileSync(path, 'utf8')) as ClusterState) : emptyState(newUuid(random)),
    )
    if (!known) store.commit({})
    return store
  }

  /** What is stored in `dir`, without opening it: nothing is created. */
  static peek(dir: string): ClusterState {
    const path = join(dir, FILE)
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as ClusterState) : emptyState('')
  }

  get state(): ClusterState {
    return this.#state
  }

  /** Writes the change to disk and then shows it in `state`; on a disk error it throws and nothing has changed. */
  commit(change: Partial<ClusterState>): void {
    if (this.#sealed) throw new Error('this broker process is gone: its metadata belongs to the next one')
    const next = { ...this.#state, ...change }
    writeDurably(this.#dir, FILE, `${JSON.stringify(next, null, 1)}\n`)
    this.#state = next
  }

  /** The process is gone: a request of it that is still under way must not write over what the next one has written. */
  seal(): void {
    this.#sealed = true
  }
}

function emptyState(clusterId: string): ClusterState {
  return { clusterId, nextProducerId: 0, topics: [], brokerConfigs: {}, clusterConfigs: {}, garbage: [] }
}
