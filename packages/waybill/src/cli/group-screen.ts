import type { GroupMemberView, TopicPartitions } from '../ports/group-admin.js'
import type { GroupLine, GroupStatus } from '../operate/group-status.js'
import type { PartitionStatus } from '../operate/partition-status.js'
import { type GroupTotals, totalsOf } from '../operate/group-totals.js'
import { duration, screenFact, screenTable } from './output.js'

/** Members and partitions of one screen; the rest is counted. */
const membersShown = 12
const partitionsShown = 20
const troublesShown = 6

/** All groups. */
export function linesScreen(lines: readonly GroupLine[], blind: readonly string[]): string {
  if (lines.length === 0 && blind.length === 0)
    return 'no group, or none that this user may see: that takes DESCRIBE on the groups, or on the cluster\n'
  const rows = lines.map(({ group, state, protocol, members, partitions, lag, trouble }) => [
    ...[group, state, protocol, counted(members), counted(partitions), counted(lag), trouble ?? ''],
  ])
  const head = ['GROUP', 'STATE', 'PROTOCOL', 'MEMBERS', 'PARTITIONS', 'LAG', 'UNKNOWN BECAUSE']
  const text = screenTable(head, rows, { elastic: ['GROUP', 'UNKNOWN BECAUSE'] })
  return text + blind.map((cause) => screenFact('', `not all groups are listed: ${cause}`)).join('')
}

/** One group on one screen. */
export function statusScreen(status: GroupStatus, nowMs: number): string {
  const { view, partitions, deadLetters, troubles } = status
  const totals = totalsOf(partitions)
  const lines: (readonly [string, string])[] = [
    ['group', headText(status)],
    ['at', coordinatorText(status)],
    ['lag', lagText(totals)],
    ['oldest', oldestText(totals, nowMs)],
    ['loss', lossText(totals, nowMs)],
    ...(totals.unread > 0
      ? ([['unread', `${totals.unread} of ${partitions.length} partitions have no member that reads them`]] as const)
      : []),
    ...deadLetters.map(({ topic, of, count, redriven }) => {
      const back = redriven === 0 ? '' : `, ${redriven} sent back`
      const hint = `waybill group dead list --group ${view.group} --topic ${of}`
      return ['dead', `${counted(count)} in ${topic}${back}${count === 0 ? '' : ` (${hint})`}`] as const
    }),
    ...troubles.slice(0, troublesShown).map((text) => ['unknown', text] as const),
  ]
  const top = lines.map(([name, text]) => screenFact(name, text)).join('')
  return `${top}\n${membersTable(view.members)}\n${partitionsTable(worstFirst(partitions), status, nowMs)}`
}

/** Each partition of a group. */
export function lagScreen(status: GroupStatus, nowMs: number): string {
  const rows = status.partitions.map((each) => {
    const { topic, partition, position, end, lag, handledAhead, unhandled, oldest } = each
    const since = oldest ? `${duration(nowMs - oldest.timestampMs)} (offset ${oldest.offset})` : ageText(each, nowMs)
    return [
      ...[`${topic}/${partition}`, counted(position), counted(end), counted(lag), String(handledAhead)],
      ...[counted(unhandled), since, lossCell(each, nowMs)],
    ]
  })
  const head = ['PARTITION', 'POSITION', 'END', 'LAG', 'AHEAD', 'UNHANDLED', 'OLDEST UNHANDLED', 'LOSS IN']
  const text =
    rows.length === 0
      ? 'the group has no partitions: it committed nothing and has no members\n'
      : screenTable(head, rows, { elastic: ['PARTITION'] })
  const troubles = [
    ...status.troubles,
    ...status.partitions.flatMap((each) => each.troubles.map((why) => `${each.topic}/${each.partition}: ${why}`)),
  ]
  return text + troubles.map((why) => screenFact('unknown', why)).join('')
}

function headText({ view }: GroupStatus): string {
  const { group, state, protocol, protocolType, epoch, assignmentEpoch, assignor, members } = view
  const kind = protocol === 'consumer' ? 'KIP-848' : `classic${protocolType === '' ? '' : ` (${protocolType})`}`
  const behind = assignmentEpoch < epoch ? ` (assignment still ${assignmentEpoch})` : ''
  const how = [kind, epoch < 0 ? '' : `epoch ${epoch}${behind}`, assignor].filter(Boolean).join(', ')
  return `${group}: ${state}, ${members.length} ${members.length === 1 ? 'member' : 'members'}, ${how}`
}

function coordinatorText({ view: { coordinator } }: GroupStatus): string {
  return `coordinator ${coordinator.nodeId}, ${coordinator.host}:${coordinator.port}`
}

function lagText({ partitions, unknown, lag, handledAhead, unhandled }: GroupTotals): string {
  const blind = unknown === 0 ? '' : `; ${unknown} more are unknown`
  const known = partitions - unknown
  return `${lag} in ${known} ${known === 1 ? 'partition' : 'partitions'}: ${handledAhead} handled ahead of the commit, ${unhandled} unhandled${blind}`
}

function oldestText({ oldest, unhandled, unknown }: GroupTotals, nowMs: number): string {
  if (oldest)
    return `unhandled for ${duration(nowMs - oldest.timestampMs)}: ${oldest.topic}/${oldest.partition} offset ${oldest.offset}`
  return unhandled > 0 || unknown > 0 ? 'unknown' : 'nothing is unhandled'
}

function lossText({ loss }: GroupTotals, nowMs: number): string {
  if (!loss) return 'no partitions'
  const place = `${loss.topic}/${loss.partition}`
  switch (loss.kind) {
    case 'overtaken':
      return `LOST: retention deleted ${loss.offsets} offsets that were not handled: ${place}`
    case 'unknown':
      return `unknown: ${place}: ${loss.cause}`
    case 'at': {
      const left = loss.atMs <= nowMs ? 'at any moment' : `not before ${duration(loss.atMs - nowMs)}`
      return `${left}: ${place}${loss.orSooner ? ', or sooner: the topic has retention.bytes' : ''}`
    }
    case 'never':
      return 'never: retention deletes nothing'
    case 'none':
      return 'nothing is unhandled'
  }
}

function membersTable(members: readonly GroupMemberView[]): string {
  if (members.length === 0) return 'no members: nobody reads\n'
  const rows = members
    .slice(0, membersShown)
    .map(({ clientId, host, instanceId, memberId, assigned }) => [
      ...[clientId, host, instanceId ?? '-', memberId, assignedText(assigned)],
    ])
  const head = ['CLIENT', 'HOST', 'INSTANCE', 'MEMBER', 'PARTITIONS']
  const more = members.length > membersShown ? `and ${members.length - membersShown} more members\n` : ''
  return screenTable(head, rows, { elastic: head }) + more
}

function partitionsTable(partitions: readonly PartitionStatus[], { view }: GroupStatus, nowMs: number): string {
  if (partitions.length === 0) return 'no partitions: the group committed nothing and has no members\n'
  const clients = new Map(view.members.map(({ memberId, clientId }) => [memberId, clientId]))
  const rows = partitions.slice(0, partitionsShown).map((each) => {
    const { topic, partition, position, end, lag, handledAhead, unhandled, owner } = each
    return [
      ...[`${topic}/${partition}`, counted(position), counted(end), counted(lag), String(handledAhead)],
      ...[counted(unhandled), ageText(each, nowMs), lossCell(each, nowMs)],
      owner === undefined ? '-' : (clients.get(owner) ?? owner),
    ]
  })
  const head = ['PARTITION', 'POSITION', 'END', 'LAG', 'AHEAD', 'UNHANDLED', 'OLDEST', 'LOSS IN', 'READ BY']
  const hidden = partitions.length - partitionsShown
  const more = hidden > 0 ? `and ${hidden} more partitions: waybill group lag --group ${view.group}\n` : ''
  return screenTable(head, rows, { elastic: ['PARTITION', 'READ BY'] }) + more
}

/** What needs people first: lost, unknown, then by what is unhandled. */
function worstFirst(partitions: readonly PartitionStatus[]): readonly PartitionStatus[] {
  const weight = ({ loss, unhandled }: PartitionStatus): number =>
    loss.kind === 'overtaken' ? Infinity : unhandled === undefined ? Number.MAX_VALUE : unhandled
  return [...partitions].sort((a, b) => (weight(a) === weight(b) ? 0 : weight(b) - weight(a)))
}

function ageText({ oldest, unhandled, loss }: PartitionStatus, nowMs: number): string {
  if (oldest) return duration(nowMs - oldest.timestampMs)
  return unhandled === 0 || loss.kind === 'none' ? '-' : '?'
}

function lossCell({ loss }: PartitionStatus, nowMs: number): string {
  switch (loss.kind) {
    case 'overtaken':
      return `LOST ${loss.offsets}`
    case 'unknown':
      return '?'
    case 'at': {
      const left = loss.atMs <= nowMs ? 'now' : duration(loss.atMs - nowMs)
      return loss.orSooner ? `? (${left})` : left
    }
    case 'never':
      return 'never'
    case 'none':
      return '-'
  }
}

/** `orders 0-2,5`. */
function assignedText(assigned: readonly TopicPartitions[]): string {
  return assigned.map(({ topic, partitions }) => `${topic} ${spans(partitions)}`).join('; ') || '-'
}

function spans(partitions: readonly number[]): string {
  const runs: [number, number][] = []
  for (const each of [...partitions].sort((a, b) => a - b)) {
    const last = runs.at(-1)
    if (last && last[1] === each - 1) last[1] = each
    else runs.push([each, each])
  }
  return runs.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',')
}

/** Unknown is `?`, never 0. */
function counted(value: number | undefined): string {
  return value === undefined ? '?' : String(value)
}
