import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { APIS } from '../../src/api/table.js'
import type { Broker } from '../../src/broker.js'
import * as messages from '../../src/generated/messages.js'
import { apiVersionsRequest } from '../../src/generated/api-versions-request.js'
import { creatableTopic, createTopicsRequest } from '../../src/generated/create-topics-request.js'
import {
  deleteRecordsPartition,
  deleteRecordsRequest,
  deleteRecordsTopic,
} from '../../src/generated/delete-records-request.js'
import { deleteTopicState, deleteTopicsRequest } from '../../src/generated/delete-topics-request.js'
import { describeClusterRequest } from '../../src/generated/describe-cluster-request.js'
import { describeConfigsRequest, describeConfigsResource } from '../../src/generated/describe-configs-request.js'
import { describeProducersRequest, topicRequest } from '../../src/generated/describe-producers-request.js'
import { fetchPartition, fetchRequest, fetchTopic } from '../../src/generated/fetch-request.js'
import {
  alterConfigsResource,
  incrementalAlterConfigsRequest,
} from '../../src/generated/incremental-alter-configs-request.js'
import { initProducerIdRequest } from '../../src/generated/init-producer-id-request.js'
import { listOffsetsPartition, listOffsetsRequest, listOffsetsTopic } from '../../src/generated/list-offsets-request.js'
import { metadataRequest, metadataRequestTopic } from '../../src/generated/metadata-request.js'
import {
  offsetForLeaderEpochRequest,
  offsetForLeaderPartition,
  offsetForLeaderTopic,
} from '../../src/generated/offset-for-leader-epoch-request.js'
import { partitionProduceData, produceRequest, topicProduceData } from '../../src/generated/produce-request.js'
import { consumerGroupDescribeRequest } from '../../src/generated/consumer-group-describe-request.js'
import { consumerGroupHeartbeatRequest } from '../../src/generated/consumer-group-heartbeat-request.js'
import { deleteGroupsRequest } from '../../src/generated/delete-groups-request.js'
import { describeGroupsRequest } from '../../src/generated/describe-groups-request.js'
import { findCoordinatorRequest } from '../../src/generated/find-coordinator-request.js'
import { heartbeatRequest } from '../../src/generated/heartbeat-request.js'
import { joinGroupRequest } from '../../src/generated/join-group-request.js'
import { leaveGroupRequest, memberIdentity } from '../../src/generated/leave-group-request.js'
import { listGroupsRequest } from '../../src/generated/list-groups-request.js'
import {
  offsetCommitRequest,
  offsetCommitRequestPartition,
  offsetCommitRequestTopic,
} from '../../src/generated/offset-commit-request.js'
import {
  offsetDeleteRequest,
  offsetDeleteRequestPartition,
  offsetDeleteRequestTopic,
} from '../../src/generated/offset-delete-request.js'
import {
  offsetFetchRequest,
  offsetFetchRequestGroup,
  offsetFetchRequestTopic,
  offsetFetchRequestTopics,
} from '../../src/generated/offset-fetch-request.js'
import { syncGroupRequest } from '../../src/generated/sync-group-request.js'
import type { Codec } from '../../src/protocol/codec.js'
import { connected, raw, started } from '../fixture.js'
import { recordBatch } from '../record-batch.js'

const T = 'orders'

/** One sensible request per API; `id` is the id of the topic. */
function requests(id: string): Record<string, object> {
  const records = recordBatch(['v'])
  return {
    Produce: produceRequest({
      acks: -1,
      topicData: [topicProduceData({ name: T, topicId: id, partitionData: [partitionProduceData({ records })] })],
    }),
    Fetch: fetchRequest({
      topics: [fetchTopic({ topic: T, topicId: id, partitions: [fetchPartition({ partitionMaxBytes: 100 })] })],
    }),
    ListOffsets: listOffsetsRequest({
      topics: [listOffsetsTopic({ name: T, partitions: [listOffsetsPartition({ timestamp: -1n })] })],
    }),
    Metadata: metadataRequest({ topics: [metadataRequestTopic({ name: T })] }),
    ApiVersions: apiVersionsRequest({ clientSoftwareName: 'test', clientSoftwareVersion: '1' }),
    CreateTopics: createTopicsRequest({
      topics: [creatableTopic({ name: 'new', numPartitions: 1, replicationFactor: 1 })],
      validateOnly: true,
    }),
    DeleteTopics: deleteTopicsRequest({ topics: [deleteTopicState({ name: 'none' })], topicNames: ['none'] }),
    DeleteRecords: deleteRecordsRequest({
      topics: [deleteRecordsTopic({ name: T, partitions: [deleteRecordsPartition()] })],
    }),
    InitProducerId: initProducerIdRequest({ transactionalId: null }),
    OffsetForLeaderEpoch: offsetForLeaderEpochRequest({
      topics: [offsetForLeaderTopic({ topic: T, partitions: [offsetForLeaderPartition()] })],
    }),
    DescribeConfigs: describeConfigsRequest({
      resources: [describeConfigsResource({ resourceType: 2, resourceName: T, configurationKeys: null })],
    }),
    IncrementalAlterConfigs: incrementalAlterConfigsRequest({
      resources: [alterConfigsResource({ resourceType: 2, resourceName: T })],
    }),
    DescribeCluster: describeClusterRequest(),
    DescribeProducers: describeProducersRequest({ topics: [topicRequest({ name: T, partitionIndexes: [0] })] }),
    ...groupRequests(id),
  }
}

function groupRequests(id: string): Record<string, object> {
  const fetched = { name: T, topicId: id, partitionIndexes: [0] }
  return {
    FindCoordinator: findCoordinatorRequest({ key: 'g', coordinatorKeys: ['g'] }),
    ConsumerGroupHeartbeat: consumerGroupHeartbeatRequest({
      groupId: 'g',
      memberId: 'm',
      rebalanceTimeoutMs: 1000,
      subscribedTopicNames: [T],
      topicPartitions: [],
    }),
    ConsumerGroupDescribe: consumerGroupDescribeRequest({ groupIds: ['g'] }),
    JoinGroup: joinGroupRequest({ groupId: 'classic', sessionTimeoutMs: 1, protocolType: 'consumer' }),
    SyncGroup: syncGroupRequest({ groupId: 'none', protocolType: 'consumer', protocolName: 'range' }),
    Heartbeat: heartbeatRequest({ groupId: 'none' }),
    LeaveGroup: leaveGroupRequest({ groupId: 'none', members: [memberIdentity({ memberId: 'm' })] }),
    OffsetCommit: offsetCommitRequest({
      groupId: 'offsets',
      topics: [offsetCommitRequestTopic({ name: T, topicId: id, partitions: [offsetCommitRequestPartition()] })],
    }),
    OffsetFetch: offsetFetchRequest({
      groupId: 'offsets',
      topics: [offsetFetchRequestTopic(fetched)],
      groups: [offsetFetchRequestGroup({ groupId: 'offsets', topics: [offsetFetchRequestTopics(fetched)] })],
    }),
    OffsetDelete: offsetDeleteRequest({
      groupId: 'offsets',
      topics: [offsetDeleteRequestTopic({ name: T, partitions: [offsetDeleteRequestPartition()] })],
    }),
    ListGroups: listGroupsRequest(),
    DescribeGroups: describeGroupsRequest({ groups: ['offsets'] }),
    DeleteGroups: deleteGroupsRequest({ groupsNames: ['none'] }),
  }
}

/** What these requests are refused with; all others succeed. */
const REFUSED: Record<string, number> = {
  DeleteTopics: 3,
  JoinGroup: 26,
  SyncGroup: 25,
  Heartbeat: 25,
  LeaveGroup: 25,
  DeleteGroups: 69,
}

/** The codecs of a name, with the message type left open: requests and answers are only passed through here. */
function codec(name: string): Codec<object> {
  const found = Object.values(messages).find((c) => typeof c === 'object' && c.name === name)
  assert.ok(typeof found === 'object', `a codec of ${name}`)
  return found
}

async function eachVersion(
  t: TestContext,
  broker: Broker,
  check: (name: string, version: number, answer: string) => void,
): Promise<void> {
  const client = await connected(t, broker)
  const id = Buffer.from((await client.topic(T)).id.replaceAll('-', ''), 'hex').toString('base64url')
  const socket = await raw(t, broker)
  for (const api of APIS) {
    const request = requests(id)[api.name]
    assert.ok(request, `this test has a request of ${api.name}`)
    for (let version = api.minVersion; version <= api.maxVersion; version++) {
      const sent: number = socket.send(codec(`${api.name}Request`), version, request)
      const { correlationId, message } = await socket.receive(codec(`${api.name}Response`), version)
      assert.equal(correlationId, sent)
      check(
        api.name,
        version,
        JSON.stringify(message, (_key, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)),
      )
    }
  }
}

test('every API answers in every version it offers', async (t) => {
  const broker = await started(t, { topics: [{ name: T }] })
  await eachVersion(t, broker, (name, version, answer) => {
    const codes = [...answer.matchAll(/"errorCode":(-?\d+)/g)].map((m) => Number(m[1]))
    const expected = REFUSED[name] ?? 0
    // The error of one of several members leaves the answer as a whole without one.
    const ok = name === 'LeaveGroup' && codes.length > 1 ? codes.slice(1) : codes
    assert.ok(codes.length > 0 && ok.every((c) => c === expected), `${name} version ${version}: ${answer}`)
  })
})

test('the error switch reaches every API', async (t) => {
  const broker = await started(t, { topics: [{ name: T }] })
  const client = await connected(t, broker)
  await client.end(T)
  const many = 100
  const connecting = ['ApiVersions', 'Metadata']
  for (const api of APIS)
    if (!connecting.includes(api.name)) broker.faults.errorNext({ api: api.name, count: many, errorCode: 7 })
  await eachVersion(t, broker, (name, version, answer) => {
    if (!connecting.includes(name)) assert.match(answer, /"errorCode":7\b/, `${name} version ${version}`)
  })
  assert.equal(await client.end(T).catch(() => -1), -1)
})
