import { type DeleteTopicState, deleteTopicsRequestCodec } from '../generated/delete-topics-request.js'
import {
  type DeletableTopicResult,
  deletableTopicResult,
  deleteTopicsResponse,
  deleteTopicsResponseCodec,
} from '../generated/delete-topics-response.js'
import { ErrorCode } from '../protocol/error-codes.js'
import { ZERO_UUID } from '../protocol/uuid.js'
import { OFFSETS_TOPIC } from '../topics/node.js'
import { type Api, type ApiContext, defineApi } from './definition.js'

/** Deletes topics by name or (version 6) by id, files included. */
export const deleteTopics: Api = defineApi({
  name: 'DeleteTopics',
  request: deleteTopicsRequestCodec,
  response: deleteTopicsResponseCodec,
  handle(request, context) {
    const wanted: DeleteTopicState[] =
      context.version >= 6 ? request.topics : request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }))
    return deleteTopicsResponse({ responses: wanted.map((topic) => remove(topic, context)) })
  },
})

function remove(wanted: DeleteTopicState, context: ApiContext): DeletableTopicResult {
  const { name, topicId } = wanted
  const refused = (errorCode: number, errorMessage: string | null): DeletableTopicResult =>
    deletableTopicResult({ name, topicId, errorCode, errorMessage })
  if (name !== null && topicId !== ZERO_UUID) {
    return refused(ErrorCode.INVALID_REQUEST, 'You may not specify both topic name and topic id.')
  }
  const topic = name === null ? context.node.topicById(topicId) : context.node.topic(name)
  const injected = context.injectedError(topic?.name ?? name ?? '')
  if (injected !== 0) return refused(injected, null)
  if (!topic) {
    return name === null
      ? refused(ErrorCode.UNKNOWN_TOPIC_ID, 'This server does not host this topic ID.')
      : refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'This server does not host this topic-partition.')
  }
  if (topic.name === OFFSETS_TOPIC) {
    return refused(ErrorCode.INVALID_REQUEST, 'This broker keeps its groups in the topic; delete the groups instead.')
  }
  try {
    context.node.deleteTopic(topic)
    return deletableTopicResult({ name: topic.name, topicId: topic.id })
  } catch (error) {
    context.log(`topic ${topic.name} could not be deleted: ${String(error)}`)
    return refused(ErrorCode.KAFKA_STORAGE_ERROR, 'The deletion could not be written to disk.')
  }
}
