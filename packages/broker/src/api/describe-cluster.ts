import { describeClusterRequestCodec } from '../generated/describe-cluster-request.js'
import {
  describeClusterBroker,
  describeClusterResponse,
  describeClusterResponseCodec,
} from '../generated/describe-cluster-response.js'
import { type Api, defineApi } from './definition.js'

const CLUSTER_OPERATIONS = 8096
const NOT_ASKED = -2147483648

/** The one broker there is, and the cluster's id. */
export const describeCluster: Api = defineApi({
  name: 'DescribeCluster',
  request: describeClusterRequestCodec,
  response: describeClusterResponseCodec,
  handle(request, context) {
    const { node, host, port } = context
    return describeClusterResponse({
      errorCode: context.injectedError(),
      endpointType: request.endpointType,
      clusterId: node.store.state.clusterId,
      controllerId: node.nodeId,
      brokers: [describeClusterBroker({ brokerId: node.nodeId, host, port })],
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? CLUSTER_OPERATIONS : NOT_ASKED,
    })
  },
})
