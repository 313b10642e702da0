import { apiVersions } from './api-versions.js'
import { createTopics } from './create-topics.js'
import type { Api } from './definition.js'
import { deleteRecords } from './delete-records.js'
import { deleteTopics } from './delete-topics.js'
import { describeCluster } from './describe-cluster.js'
import { describeConfigs } from './describe-configs.js'
import { describeProducers } from './describe-producers.js'
import { fetch } from './fetch.js'
import { incrementalAlterConfigs } from './incremental-alter-configs.js'
import { initProducerId } from './init-producer-id.js'
import { listOffsets } from './list-offsets.js'
import { metadata } from './metadata.js'
import { offsetForLeaderEpoch } from './offset-for-leader-epoch.js'
import { produce } from './produce.js'

/** Every API the broker speaks. A new one is a file in this folder and a row here. */
export const APIS: readonly Api[] = [
  produce,
  fetch,
  listOffsets,
  metadata,
  apiVersions,
  createTopics,
  deleteTopics,
  deleteRecords,
  initProducerId,
  offsetForLeaderEpoch,
  describeConfigs,
  incrementalAlterConfigs,
  describeCluster,
  describeProducers,
]

/** The API of a name as Kafka spells it ('Produce'); throws with the list of names for any other. */
export function apiNamed(name: string): Api {
  const api = APIS.find((a) => a.name === name)
  if (api) return api
  throw new TypeError(`no API is called '${name}'; the broker has: ${APIS.map((a) => a.name).join(', ')}`)
}
