import type { GroupClient } from '../groups/consumer-heartbeat.js'
import type { GroupCoordinator } from '../groups/coordinator.js'
import { ApiError, ErrorCode } from '../protocol/error-codes.js'
import type { ApiContext } from './definition.js'

/** All operations on a group, as a broker without an authorizer reports them. */
export const GROUP_OPERATIONS: number = 3400
/** What stands in their place when nobody asked. */
export const NOT_ASKED: number = -2147483648

/**
 * Lets the group coordinator answer. Whatever it refuses as a whole, and an error that a switch wants, goes through `refuse`
 * with its code; the message is null where there is none.
 */
export async function coordinated<Response>(
  context: ApiContext,
  work: (groups: GroupCoordinator) => Response | Promise<Response>,
  refuse: (errorCode: number, message: string | null) => Response,
): Promise<Response> {
  const injected = context.injectedError()
  if (injected !== 0) return refuse(injected, null)
  try {
    return await work(await openGroups(context))
  } catch (error) {
    if (error instanceof ApiError) return refuse(error.code, error.message)
    throw error
  }
}

/** The coordinator, opened with the first request that needs it. */
async function openGroups(context: ApiContext): Promise<GroupCoordinator> {
  try {
    return await context.node.groups()
  } catch (error) {
    context.log(`the group coordinator could not be opened: ${String(error)}`)
    throw new ApiError(ErrorCode.COORDINATOR_NOT_AVAILABLE, 'the topic of the coordinator could not be made')
  }
}

/** The client behind a request. */
export function groupClient({ version, clientId, clientHost }: ApiContext): GroupClient {
  return { version, clientId: clientId ?? '', clientHost }
}
