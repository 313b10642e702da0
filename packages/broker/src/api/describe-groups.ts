import { describeGroupsRequestCodec } from '../generated/describe-groups-request.js'
import {
  type DescribedGroup,
  describeGroupsResponse,
  describeGroupsResponseCodec,
  describedGroup,
  describedGroupMember,
} from '../generated/describe-groups-response.js'
import { metadataOf } from '../groups/classic-group.js'
import type { GroupCoordinator } from '../groups/coordinator.js'
import { ErrorCode } from '../protocol/error-codes.js'
import { type Api, defineApi } from './definition.js'
import { GROUP_OPERATIONS, NOT_ASKED, coordinated } from './group-request.js'

/** From this version on a group that is not there is an error; before, it is a dead one. */
const NOT_FOUND_VERSION = 6

/** Groups of the classic protocol with their members. */
export const describeGroups: Api = defineApi({
  name: 'DescribeGroups',
  request: describeGroupsRequestCodec,
  response: describeGroupsResponseCodec,
  coordinated: true,
  handle(request, context) {
    const { groups: ids, includeAuthorizedOperations } = request
    const authorizedOperations = includeAuthorizedOperations ? GROUP_OPERATIONS : NOT_ASKED
    return coordinated(
      context,
      (groups) => {
        const described = ids.map((id) => describe(groups, id, context.version))
        return describeGroupsResponse({
          groups: described.map((g) => (g.errorCode === 0 ? { ...g, authorizedOperations } : g)),
        })
      },
      (errorCode) => describeGroupsResponse({ groups: ids.map((groupId) => describedGroup({ groupId, errorCode })) }),
    )
  },
})

function describe(groups: GroupCoordinator, groupId: string, version: number): DescribedGroup {
  const group = groups.group(groupId)
  if (group?.kind !== 'classic') {
    const dead = describedGroup({ groupId, groupState: 'Dead' })
    if (version < NOT_FOUND_VERSION) return dead
    const errorMessage = group ? `Group ${groupId} is not a classic group.` : `Group ${groupId} not found.`
    return { ...dead, errorCode: ErrorCode.GROUP_ID_NOT_FOUND, errorMessage }
  }
  const isStable = group.state === 'Stable'
  return describedGroup({
    groupId,
    groupState: group.state,
    protocolType: group.protocolType ?? '',
    protocolData: isStable ? (group.protocolName ?? '') : '',
    members: [...group.members.values()].map((m) =>
      describedGroupMember({
        memberId: m.memberId,
        groupInstanceId: m.instanceId,
        clientId: m.clientId,
        clientHost: m.clientHost,
        memberMetadata: isStable ? metadataOf(m, group.protocolName) : Buffer.alloc(0),
        memberAssignment: m.assignment,
      }),
    ),
  })
}
