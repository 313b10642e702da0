import { deleteGroupsRequestCodec } from '../generated/delete-groups-request.js'
import {
  type DeletableGroupResult,
  deletableGroupResult,
  deleteGroupsResponse,
  deleteGroupsResponseCodec,
} from '../generated/delete-groups-response.js'
import type { GroupCoordinator } from '../groups/coordinator.js'
import { offsetRecord } from '../groups/group-state.js'
import { removal } from '../groups/offset-expiry.js'
import { ErrorCode } from '../protocol/error-codes.js'
import { type Api, defineApi } from './definition.js'
import { coordinated } from './group-request.js'

/** Deletes empty groups with everything they have committed. */
export const deleteGroups: Api = defineApi({
  name: 'DeleteGroups',
  request: deleteGroupsRequestCodec,
  response: deleteGroupsResponseCodec,
  coordinated: true,
  handle(request, context) {
    const names = [...new Set(request.groupsNames)]
    return coordinated(
      context,
      (groups) => deleteGroupsResponse({ results: names.map((groupId) => remove(groups, groupId)) }),
      (errorCode) =>
        deleteGroupsResponse({ results: names.map((groupId) => deletableGroupResult({ groupId, errorCode })) }),
    )
  },
})

function remove(groups: GroupCoordinator, groupId: string): DeletableGroupResult {
  const group = groups.group(groupId)
  if (!group) return deletableGroupResult({ groupId, errorCode: ErrorCode.GROUP_ID_NOT_FOUND })
  if (!group.isEmpty) return deletableGroupResult({ groupId, errorCode: ErrorCode.NON_EMPTY_GROUP })
  const offsets = [...groups.state.offsetsOf(groupId)].flatMap(([topic, partitions]) =>
    [...partitions.keys()].map((partition) => offsetRecord(groupId, topic, partition, null)),
  )
  groups.write([...offsets, ...removal(group)])
  return deletableGroupResult({ groupId })
}
