import { joinGroupRequestCodec } from '../generated/join-group-request.js'
import { type JoinGroupResponse, joinGroupResponse, joinGroupResponseCodec } from '../generated/join-group-response.js'
import { classicJoin } from '../groups/classic-join.js'
import { type Api, defineApi } from './definition.js'
import { coordinated, groupClient } from './group-request.js'

/** Before this version the protocol's name cannot be null. */
const NULL_PROTOCOL_VERSION = 7

/** Joins a group of the classic protocol; the answer waits for the other members. */
export const joinGroup: Api = defineApi({
  name: 'JoinGroup',
  request: joinGroupRequestCodec,
  response: joinGroupResponseCodec,
  coordinated: true,
  async handle(request, context): Promise<JoinGroupResponse> {
    const response = await coordinated(
      context,
      (groups) => classicJoin(groups, request, groupClient(context)),
      (errorCode) => joinGroupResponse({ errorCode, protocolName: null }),
    )
    const { protocolName } = response
    return context.version < NULL_PROTOCOL_VERSION ? { ...response, protocolName: protocolName ?? '' } : response
  },
})
