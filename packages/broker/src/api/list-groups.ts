import { listGroupsRequestCodec } from '../generated/list-groups-request.js'
import {
  type ListedGroup,
  listGroupsResponse,
  listGroupsResponseCodec,
  listedGroup,
} from '../generated/list-groups-response.js'
import type { Group } from '../groups/group-state.js'
import { type Api, defineApi } from './definition.js'
import { coordinated } from './group-request.js'

/** All groups of both protocols, and those that are only there because somebody committed. */
export const listGroups: Api = defineApi({
  name: 'ListGroups',
  request: listGroupsRequestCodec,
  response: listGroupsResponseCodec,
  coordinated: true,
  handle(request, context) {
    const states = filter(request.statesFilter)
    const types = filter(request.typesFilter)
    return coordinated(
      context,
      (groups) => {
        const listed = [...groups.state.groups.values()].map(list)
        return listGroupsResponse({ groups: listed.filter((g) => states(g.groupState) && types(g.groupType)) })
      },
      (errorCode) => listGroupsResponse({ errorCode }),
    )
  },
})

/** No names let everything through; case does not matter. */
function filter(names: readonly string[]): (value: string) => boolean {
  const wanted = new Set(names.map((name) => name.trim().toLowerCase()))
  return (value) => wanted.size === 0 || wanted.has(value.toLowerCase())
}

function list(group: Group): ListedGroup {
  return listedGroup({
    groupId: group.id,
    protocolType: group.kind === 'consumer' ? 'consumer' : (group.protocolType ?? ''),
    groupState: group.state,
    groupType: group.kind,
  })
}
