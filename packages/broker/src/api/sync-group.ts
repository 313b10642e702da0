import { syncGroupRequestCodec } from '../generated/sync-group-request.js'
import { syncGroupResponse, syncGroupResponseCodec } from '../generated/sync-group-response.js'
import { classicSync } from '../groups/classic-membership.js'
import { ErrorCode } from '../protocol/error-codes.js'
import { type Api, defineApi } from './definition.js'
import { coordinated } from './group-request.js'

/** From this version on a member must say which protocol it thinks was chosen. */
const PROTOCOL_VERSION = 5

/** Asks for the member's assignment; the leader brings everyone's. */
export const syncGroup: Api = defineApi({
  name: 'SyncGroup',
  request: syncGroupRequestCodec,
  response: syncGroupResponseCodec,
  coordinated: true,
  handle(request, context) {
    const namesProtocol = request.protocolType !== null && request.protocolName !== null
    return coordinated(
      context,
      (groups) =>
        context.version >= PROTOCOL_VERSION && !namesProtocol
          ? syncGroupResponse({ errorCode: ErrorCode.INCONSISTENT_GROUP_PROTOCOL })
          : classicSync(groups, request),
      (errorCode) => syncGroupResponse({ errorCode }),
    )
  },
})
