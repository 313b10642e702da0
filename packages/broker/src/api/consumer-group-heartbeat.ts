import { consumerGroupHeartbeatRequestCodec } from '../generated/consumer-group-heartbeat-request.js'
import {
  consumerGroupHeartbeatResponse,
  consumerGroupHeartbeatResponseCodec,
} from '../generated/consumer-group-heartbeat-response.js'
import { consumerGroupHeartbeat as heartbeat } from '../groups/consumer-heartbeat.js'
import { type Api, defineApi } from './definition.js'
import { coordinated, groupClient } from './group-request.js'

/** Join, stay in and leave a KIP-848 group. */
export const consumerGroupHeartbeat: Api = defineApi({
  name: 'ConsumerGroupHeartbeat',
  request: consumerGroupHeartbeatRequestCodec,
  response: consumerGroupHeartbeatResponseCodec,
  coordinated: true,
  handle(request, context) {
    return coordinated(
      context,
      (groups) => heartbeat(groups, request, groupClient(context)),
      (errorCode, errorMessage) => consumerGroupHeartbeatResponse({ errorCode, errorMessage }),
    )
  },
})
