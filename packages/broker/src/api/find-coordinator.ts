import { findCoordinatorRequestCodec } from '../generated/find-coordinator-request.js'
import {
  type Coordinator,
  coordinator,
  findCoordinatorResponse,
  findCoordinatorResponseCodec,
} from '../generated/find-coordinator-response.js'
import { ErrorCode } from '../protocol/error-codes.js'
import { type Api, type ApiContext, defineApi } from './definition.js'

const GROUP = 0
const TRANSACTION = 1
/** From this version on many keys can be asked for at once. */
const BATCH_VERSION = 4

/** Which broker coordinates a group: the only one there is. */
export const findCoordinator: Api = defineApi({
  name: 'FindCoordinator',
  request: findCoordinatorRequestCodec,
  response: findCoordinatorResponseCodec,
  async handle(request, context) {
    const { keyType } = request
    if (context.version >= BATCH_VERSION) {
      const coordinators: Coordinator[] = []
      for (const key of request.coordinatorKeys) coordinators.push({ ...(await find(keyType, context)), key })
      return findCoordinatorResponse({ coordinators })
    }
    const { nodeId, host, port, errorCode } = await find(keyType, context)
    // Kafka says NONE in words, too.
    return findCoordinatorResponse({ nodeId, host, port, errorCode, errorMessage: errorCode === 0 ? 'NONE' : null })
  },
})

async function find(keyType: number, context: ApiContext): Promise<Coordinator> {
  const { node, host, port } = context
  const refused = (errorCode: number): Coordinator => coordinator({ errorCode, nodeId: -1, port: -1 })
  const injected = context.injectedError()
  if (injected !== 0) return refused(injected)
  // A transactional producer comes here next and is refused by InitProducerId, in words it understands.
  if (keyType !== GROUP && keyType !== TRANSACTION) return refused(ErrorCode.INVALID_REQUEST)
  try {
    if (keyType === GROUP) await node.groups()
  } catch (error) {
    context.log(`the group coordinator could not be opened: ${String(error)}`)
    return refused(ErrorCode.COORDINATOR_NOT_AVAILABLE)
  }
  return coordinator({ nodeId: node.nodeId, host, port })
}
