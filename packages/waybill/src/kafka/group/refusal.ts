import { WaybillError } from '../../model/errors.js'
import type { GroupOptions } from '../../ports/group.js'
import { errorName, groupErrors } from '../error-codes.js'

/** What to do about a refusal of the group coordinator. */
const fixes: Readonly<Record<number, (options: GroupOptions) => string>> = {
  [groupErrors.groupIdNotFound]: anotherProtocol,
  [groupErrors.inconsistentGroupProtocol]: anotherProtocol,
  [groupErrors.unsupportedVersion]: () =>
    'the cluster does not offer KIP-848 consumer groups: use Kafka 4.0 or newer, or set the feature group.version to 1',
  [groupErrors.unreleasedInstanceId]: ({ instanceId }) =>
    `another member has the instance id ${instanceId}: give each process its own, or wait until that member's session has ended`,
  30: ({ group }) => `grant READ on group ${group}`,
  29: ({ topics }) => `grant DESCRIBE and READ on the topics ${topics.join(', ')}`,
  81: () => 'the group is full: raise group.consumer.max.size, or run fewer members',
}

/** WB_KAFKA_REFUSED for joining a group, with the fix. */
export function refusal(options: GroupOptions, code: number, message: string | null): WaybillError {
  const name = errorName(code)
  const fix = fixes[code]?.(options)
  const detail = [message, fix].filter(Boolean).join('; ')
  return new WaybillError('WB_KAFKA_REFUSED', `joining group ${options.group}: ${name}${detail && `: ${detail}`}`, {
    facts: { kafka: name, group: options.group },
  })
}

function anotherProtocol({ group }: GroupOptions): string {
  return `the id ${group} is in use by a group of another protocol: choose another group id, or stop that group's members and delete it`
}
