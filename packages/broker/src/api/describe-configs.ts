import { type DescribeConfigsResource, describeConfigsRequestCodec } from '../generated/describe-configs-request.js'
import {
  type DescribeConfigsResourceResult,
  type DescribeConfigsResult,
  describeConfigsResourceResult,
  describeConfigsResponse,
  describeConfigsResponseCodec,
  describeConfigsResult,
  describeConfigsSynonym,
} from '../generated/describe-configs-response.js'
import { ApiError, ErrorCode } from '../protocol/error-codes.js'
import { ConfigType, type ConfigDefinition } from '../topics/config-definitions.js'
import type { ConfigEntry } from '../topics/configs.js'
import { ResourceType, brokerScope } from './config-resource.js'
import { type Api, type ApiContext, defineApi } from './definition.js'

/** Configs of topics and of the broker, with where each value comes from. */
export const describeConfigs: Api = defineApi({
  name: 'DescribeConfigs',
  request: describeConfigsRequestCodec,
  response: describeConfigsResponseCodec,
  handle(request, context) {
    const results = request.resources.map((resource): DescribeConfigsResult => {
      const { resourceType, resourceName, configurationKeys } = resource
      try {
        const wanted = (e: ConfigEntry): boolean =>
          configurationKeys === null || configurationKeys.includes(e.definition.name)
        const configs = entriesOf(resource, context).filter(wanted)
        return describeConfigsResult({
          // Empty, not null: so does Kafka.
          errorMessage: '',
          resourceType,
          resourceName,
          configs: configs.map((e) => describe(e, resourceType, request.includeSynonyms)),
        })
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        return describeConfigsResult({ errorCode: error.code, errorMessage: error.message, resourceType, resourceName })
      }
    })
    return describeConfigsResponse({ results })
  },
})

function entriesOf({ resourceType, resourceName }: DescribeConfigsResource, context: ApiContext): ConfigEntry[] {
  const { node } = context
  const injected = context.injectedError(resourceType === ResourceType.topic ? resourceName : undefined)
  if (injected !== 0) throw new ApiError(injected, 'asked for by a fault switch')
  if (resourceType === ResourceType.topic) {
    if (node.topic(resourceName)) return node.configs.topicEntries(node.topicConfigs(resourceName))
    throw new ApiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, '')
  }
  if (resourceType === ResourceType.broker) {
    const scope = brokerScope(resourceName, node.nodeId)
    if (scope === 'node') return node.configs.brokerEntries()
    if (scope === 'cluster') return node.configs.clusterEntries()
    const why = `Unexpected broker id, expected ${node.nodeId} or empty string, but received ${resourceName}`
    throw new ApiError(ErrorCode.INVALID_REQUEST, why)
  }
  throw new ApiError(ErrorCode.INVALID_REQUEST, `Unsupported resource type: ${resourceType}`)
}

function describe(entry: ConfigEntry, resourceType: number, synonyms: boolean): DescribeConfigsResourceResult {
  const { definition, value, source, values } = entry
  return describeConfigsResourceResult({
    name: definition.name,
    value,
    configSource: source,
    readOnly: isReadOnly(definition, resourceType),
    configType: ConfigType[definition.type],
    documentation: null,
    synonyms: synonyms ? values.map((v) => describeConfigsSynonym(v)) : [],
  })
}

function isReadOnly(definition: ConfigDefinition, resourceType: number): boolean {
  return resourceType === ResourceType.broker && definition.dynamic !== true
}
