import { offsetDeleteRequestCodec } from '../generated/offset-delete-request.js'
import {
  offsetDeleteResponse,
  offsetDeleteResponseCodec,
  offsetDeleteResponsePartition,
  offsetDeleteResponseTopic,
} from '../generated/offset-delete-response.js'
import type { GroupCoordinator } from '../groups/coordinator.js'
import type { CoordinatorRecord } from '../groups/coordinator-record.js'
import { type Group, offsetRecord } from '../groups/group-state.js'
import { subscriptionOf } from '../groups/offset-expiry.js'
import { ApiError, ErrorCode } from '../protocol/error-codes.js'
import { type Api, defineApi } from './definition.js'
import { coordinated } from './group-request.js'

/** Takes committed offsets back, for topics that no live member subscribes to. */
export const offsetDelete: Api = defineApi({
  name: 'OffsetDelete',
  request: offsetDeleteRequestCodec,
  response: offsetDeleteResponseCodec,
  coordinated: true,
  handle(request, context) {
    return coordinated(
      context,
      (groups) => {
        const { groupId } = request
        const group = deletableFrom(groups, groupId)
        const isSubscribed = subscriptionOf(groups, group)
        const records: CoordinatorRecord[] = []
        const topics = request.topics.map(({ name, partitions }) => {
          const topic = context.node.topic(name)
          const injected = context.injectedError(name)
          const results = partitions.map(({ partitionIndex }) => {
            const unknown = topic?.partitions[partitionIndex] ? 0 : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
            const subscribed = isSubscribed(name) ? ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC : 0
            const errorCode = injected || unknown || subscribed
            const exists = groups.state.offset(groupId, name, partitionIndex) !== undefined
            if (errorCode === 0 && exists) records.push(offsetRecord(groupId, name, partitionIndex, null))
            return offsetDeleteResponsePartition({ partitionIndex, errorCode })
          })
          return offsetDeleteResponseTopic({ name, partitions: results })
        })
        groups.write(records)
        return offsetDeleteResponse({ topics })
      },
      (errorCode) => offsetDeleteResponse({ errorCode }),
    )
  },
})

/** Group.validateOffsetDelete */
function deletableFrom(groups: GroupCoordinator, groupId: string): Group {
  const group = groups.group(groupId)
  if (!group) throw new ApiError(ErrorCode.GROUP_ID_NOT_FOUND, `Group ${groupId} not found.`)
  if (group.kind === 'classic' && !group.isEmpty && group.protocolType !== 'consumer') {
    throw new ApiError(ErrorCode.NON_EMPTY_GROUP, 'The group is not empty.')
  }
  return group
}
