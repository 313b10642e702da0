/** Kafka's rule for topic names (org.apache.kafka.common.internals.Topic): what is wrong, undefined when nothing is. */
export function topicNameProblem(name: string): string | undefined {
  if (name === '') return 'Topic name is invalid: the empty string is not allowed'
  if (name === '.' || name === '..') return `Topic name is invalid: '${name}' is not allowed`
  if (name.length > 249)
    return 'Topic name is invalid: the length of the topic name is longer than the max allowed length 249'
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    return `Topic name is invalid: '${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`
  }
  return undefined
}

/** Whether Kafka would accept the name. */
export function isTopicName(name: string): boolean {
  return topicNameProblem(name) === undefined
}

/** Kafka's metrics cannot tell '.' from '_', so two names that differ only there collide. */
export function topicNamesCollide(a: string, b: string): boolean {
  return a.replaceAll('.', '_') === b.replaceAll('.', '_')
}
