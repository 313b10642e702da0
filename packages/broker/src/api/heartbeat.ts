import { heartbeatRequestCodec } from '../generated/heartbeat-request.js'
import { heartbeatResponse, heartbeatResponseCodec } from '../generated/heartbeat-response.js'
import { classicHeartbeat } from '../groups/classic-membership.js'
import { type Api, defineApi } from './definition.js'
import { coordinated } from './group-request.js'

/** A member of a classic group says that it lives, and hears whether it must join again. */
export const heartbeat: Api = defineApi({
  name: 'Heartbeat',
  request: heartbeatRequestCodec,
  response: heartbeatResponseCodec,
  coordinated: true,
  handle(request, context) {
    return coordinated(
      context,
      (groups) => heartbeatResponse({ errorCode: classicHeartbeat(groups, request) }),
      (errorCode) => heartbeatResponse({ errorCode }),
    )
  },
})
