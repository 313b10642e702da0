import { WaybillError } from '../../model/errors.js'
import type { GroupOptions } from '../../ports/group.js'
import { errorName, groupErrors } from '../error-codes.js'

/** What to do about a refusal of the group coordinator. */
const fixes: Readonly<Record<number, (options: GroupOptions) => string>> = {
  [groupErrors.groupIdNotFound]: anotherProtocol,
  [groupErrors.inconsistentGroupProtocol]: (options) =>
    `${anotherProtocol(options)}; members of the classic protocol must know the assignor cooperative-sticky`,
  [groupErrors.invalidSessionTimeout]: ({ sessionTimeoutMs }) =>
    `sessionTimeoutMs ${sessionTimeoutMs ?? ''} is not between the broker's group.min.session.timeout.ms and group.max.session.timeout.ms`,
  [groupErrors.unsupportedVersion]: () =>
    "the cluster does not offer KIP-848 consumer groups: use groupProtocol 'auto' or 'classic', or Kafka 4.0 or newer with the feature group.version 1",
  [groupErrors.unreleasedInstanceId]: ({ instanceId }) =>
    `another member has the instance id ${instanceId}: give each process its own, or wait until that member's session has ended`,
  30: ({ group }) => `grant READ on group ${group}`,
  29: ({ topics }) => `grant DESCRIBE and READ on the topics ${topics.join(', ')}`,
  81: () => 'the group is full: raise group.consumer.max.size (classic: group.max.size), or run fewer members',
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

/** WB_INSTANCE_FENCED: another member has our instance id. */
export function instanceFenced({ group, instanceId }: GroupOptions, cause: string): WaybillError {
  const text = `group ${group}: another member has joined with the instance id ${instanceId}, this one ends (${cause}): give each process an instance id of its own, or stop the other one`
  return new WaybillError('WB_INSTANCE_FENCED', text, { facts: { group, instanceId, kafka: 'FENCED_INSTANCE_ID' } })
}

/** WB_KAFKA_UNREACHABLE: no coordinator took us in time. */
export function unreachable({ group }: GroupOptions, cause: string | undefined): WaybillError {
  const text = `group ${group} could not be joined: ${cause ?? 'no answer'}`
  return new WaybillError('WB_KAFKA_UNREACHABLE', text, { facts: { group } })
}
