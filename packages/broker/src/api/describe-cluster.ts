import { describeClusterRequestCodec } from '../generated/describe-cluster-request.js'
import {
  describeClusterBroker,
  describeClusterResponse,
  describeClusterResponseCodec,
} from '../generated/describe-cluster-response.js'
import { ErrorCode } from '../protocol/error-codes.js'
import { type Api, defineApi } from './definition.js'

const CLUSTER_OPERATIONS = 8096
const BROKER_ENDPOINT = 1
const NOT_ASKED = -2147483648

/** The one broker there is, and the cluster's id. */
export const describeCluster: Api = defineApi({
  name: 'DescribeCluster',
  request: describeClusterRequestCodec,
  response: describeClusterResponseCodec,
  handle(request, context) {
    const { node, host, port } = context
    if (request.endpointType !== BROKER_ENDPOINT) {
      const errorMessage =
        'The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER'
      return describeClusterResponse({
        errorCode: ErrorCode.MISMATCHED_ENDPOINT_TYPE,
        errorMessage,
        clusterId: node.store.state.clusterId,
      })
    }
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
