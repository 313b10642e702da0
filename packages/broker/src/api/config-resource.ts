/** Resource types of the config APIs that this broker has. */
export const ResourceType = { topic: 2, broker: 4 } as const

/** Which broker a broker resource names: this node, all nodes (''), or undefined for another one. */
export function brokerScope(name: string, nodeId: number): 'node' | 'cluster' | undefined {
  if (name === '') return 'cluster'
  return name === String(nodeId) ? 'node' : undefined
}
