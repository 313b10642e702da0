import { apiVersionsRequestCodec } from '../generated/api-versions-request.js'
import { apiVersion, apiVersionsResponse, apiVersionsResponseCodec } from '../generated/api-versions-response.js'
import { ErrorCode } from '../protocol/error-codes.js'
import { type Api, defineApi } from './definition.js'

/** Client names and versions must look like this (ApiVersionsRequest.SOFTWARE_NAME_VERSION_PATTERN). */
const SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

/** Which APIs in which versions the broker speaks. The first request of every client. */
export const apiVersions: Api = defineApi({
  name: 'ApiVersions',
  request: apiVersionsRequestCodec,
  response: apiVersionsResponseCodec,
  handle(request, context) {
    const injected = context.injectedError()
    if (injected !== 0) return apiVersionsResponse({ errorCode: injected })
    if (
      context.version >= 3 &&
      !(SOFTWARE.test(request.clientSoftwareName) && SOFTWARE.test(request.clientSoftwareVersion))
    ) {
      return apiVersionsResponse({ errorCode: ErrorCode.INVALID_REQUEST })
    }
    return apiVersionsResponse({
      apiKeys: context.apis.map((api) =>
        apiVersion({ apiKey: api.key, minVersion: api.advertisedMinVersion, maxVersion: api.maxVersion }),
      ),
      finalizedFeaturesEpoch: 0n,
    })
  },
})

/** The answer to an ApiVersions request in a version the broker does not have, always written as version 0 (KIP-511). */
export function unsupportedApiVersions(): ReturnType<typeof apiVersionsResponse> {
  const range = { apiKey: apiVersions.key, minVersion: apiVersions.minVersion, maxVersion: apiVersions.maxVersion }
  return apiVersionsResponse({ errorCode: ErrorCode.UNSUPPORTED_VERSION, apiKeys: [apiVersion(range)] })
}
