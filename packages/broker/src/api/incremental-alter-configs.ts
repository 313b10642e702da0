import {
  type AlterConfigsResource,
  type AlterableConfig,
  incrementalAlterConfigsRequestCodec,
} from '../generated/incremental-alter-configs-request.js'
import {
  alterConfigsResourceResponse,
  incrementalAlterConfigsResponse,
  incrementalAlterConfigsResponseCodec,
} from '../generated/incremental-alter-configs-response.js'
import { ApiError, ErrorCode } from '../protocol/error-codes.js'
import { type ConfigDefinition, brokerConfig, invalidReason, topicConfig } from '../topics/config-definitions.js'
import { ResourceType, brokerScope } from './config-resource.js'
import { type Api, type ApiContext, defineApi } from './definition.js'

const Operation = { set: 0, delete: 1, append: 2, subtract: 3 } as const

type Values = Readonly<Record<string, string>>

/** Changes configs of topics and of the broker; in force and on disk when it is answered. All or nothing per resource. */
export const incrementalAlterConfigs: Api = defineApi({
  name: 'IncrementalAlterConfigs',
  request: incrementalAlterConfigsRequestCodec,
  response: incrementalAlterConfigsResponseCodec,
  handle(request, context) {
    const responses = request.resources.map((resource) => {
      const { resourceType, resourceName } = resource
      const answer = (
        errorCode: number,
        errorMessage: string | null,
      ): ReturnType<typeof alterConfigsResourceResponse> =>
        alterConfigsResourceResponse({ errorCode, errorMessage, resourceType, resourceName })
      try {
        alter(resource, request.validateOnly, context)
        return answer(0, null)
      } catch (error) {
        if (error instanceof ApiError) return answer(error.code, error.message)
        context.log(`configs of ${resourceName} could not be written: ${String(error)}`)
        return answer(ErrorCode.KAFKA_STORAGE_ERROR, 'The change could not be written to disk.')
      }
    })
    return incrementalAlterConfigsResponse({ responses })
  },
})

function alter(resource: AlterConfigsResource, validateOnly: boolean, context: ApiContext): void {
  const { node } = context
  const { resourceType, resourceName: name, configs } = resource
  const injected = context.injectedError(resourceType === ResourceType.topic ? name : undefined)
  if (injected !== 0) throw new ApiError(injected, 'asked for by a fault switch')
  if (resourceType === ResourceType.topic) {
    if (!node.topic(name))
      throw new ApiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `The topic '${name}' does not exist.`)
    const next = applied(node.topicConfigs(name), configs, topicDefinition)
    if (!validateOnly) node.setTopicConfigs(name, next)
    return
  }
  if (resourceType !== ResourceType.broker)
    throw new ApiError(ErrorCode.INVALID_REQUEST, `Unexpected resource type ${resourceType}.`)
  const scope = brokerScope(name, node.nodeId)
  if (scope === undefined) {
    throw new ApiError(ErrorCode.INVALID_REQUEST, `Unexpected broker id, expected ${node.nodeId}, but received ${name}`)
  }
  const { state } = node.store
  const next = applied(scope === 'node' ? state.brokerConfigs : state.clusterConfigs, configs, brokerDefinition)
  if (!validateOnly) node.store.commit(scope === 'node' ? { brokerConfigs: next } : { clusterConfigs: next })
}

function topicDefinition(name: string): ConfigDefinition {
  const definition = topicConfig(name)
  if (definition) return definition
  throw new ApiError(ErrorCode.INVALID_CONFIG, `Unknown topic config name: ${name}`)
}

function brokerDefinition(name: string): ConfigDefinition {
  const definition = brokerConfig(name)
  if (!definition) throw new ApiError(ErrorCode.INVALID_CONFIG, `Unknown broker config name: ${name}`)
  if (definition.dynamic) return definition
  throw new ApiError(ErrorCode.INVALID_REQUEST, `Cannot update these configs dynamically: [${name}]`)
}

function applied(
  before: Values,
  changes: readonly AlterableConfig[],
  definitionOf: (name: string) => ConfigDefinition,
): Values {
  const after = new Map(Object.entries(before))
  const seen = new Set<string>()
  for (const { name, configOperation, value } of changes) {
    if (seen.has(name)) throw new ApiError(ErrorCode.INVALID_REQUEST, 'Error due to duplicate config keys')
    seen.add(name)
    const definition = definitionOf(name)
    if (configOperation === Operation.delete) {
      after.delete(name)
      continue
    }
    if (value === null) throw new ApiError(ErrorCode.INVALID_REQUEST, `Null value not supported for : ${name}`)
    const next = nextValue(definition, configOperation, value, after.get(name))
    const reason = invalidReason(definition, next)
    if (reason !== undefined) throw new ApiError(ErrorCode.INVALID_CONFIG, reason)
    after.set(name, next)
  }
  return Object.fromEntries(after)
}

function nextValue(definition: ConfigDefinition, operation: number, value: string, before: string | undefined): string {
  if (operation === Operation.set) return value
  if (operation !== Operation.append && operation !== Operation.subtract) {
    throw new ApiError(ErrorCode.INVALID_REQUEST, `Unknown operation type id ${operation}`)
  }
  if (definition.type !== 'list') {
    const verb = operation === Operation.append ? 'append' : 'subtract'
    throw new ApiError(
      ErrorCode.INVALID_CONFIG,
      `Can't ${verb.toUpperCase()} to key ${definition.name} because its type is not LIST.`,
    )
  }
  const list = (before ?? definition.value ?? '').split(',').filter((part) => part !== '')
  const given = value.split(',')
  const next =
    operation === Operation.append ? [...new Set([...list, ...given])] : list.filter((part) => !given.includes(part))
  return next.join(',')
}
