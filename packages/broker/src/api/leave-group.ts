import { leaveGroupRequestCodec, memberIdentity } from '../generated/leave-group-request.js'
import { leaveGroupResponse, leaveGroupResponseCodec } from '../generated/leave-group-response.js'
import { classicLeave } from '../groups/classic-membership.js'
import { type Api, defineApi } from './definition.js'
import { coordinated } from './group-request.js'

/** From this version on several members can leave at once. */
const BATCH_VERSION = 3

/** Members leave a classic group. */
export const leaveGroup: Api = defineApi({
  name: 'LeaveGroup',
  request: leaveGroupRequestCodec,
  response: leaveGroupResponseCodec,
  coordinated: true,
  handle(request, context) {
    const isBatch = context.version >= BATCH_VERSION
    const members = isBatch ? request.members : [memberIdentity({ memberId: request.memberId })]
    return coordinated(
      context,
      (groups) => {
        const response = classicLeave(groups, { ...request, members })
        // The old versions have one error code, which then is the member's.
        const errorCode = response.errorCode || (isBatch ? 0 : (response.members[0]?.errorCode ?? 0))
        return { ...response, errorCode }
      },
      (errorCode) => leaveGroupResponse({ errorCode }),
    )
  },
})
