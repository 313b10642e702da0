import { createServer } from 'node:net'

// Below Linux's ephemeral range (32768 and up): a port there could be taken as the source of some connection while its
// node is down, and the node could not come back to it.
const lowestPort = 20_000
const portCount = 12_000

// Two test processes that look at the same moment must not find the same port, which nothing reserves until the server
// listens a second later. So each starts to look at a place of its own: a stride that is coprime to the range puts
// neighbouring process ids 601 ports apart.
const strideOfProcess = 601
let next = (process.pid * strideOfProcess) % portCount

/** Finds `count` loopback ports on which nobody listens and which this process was not given before. */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = []
  for (let tried = 0; found.length < count; tried++) {
    if (tried === portCount) throw new Error(`no ${count} free ports from ${lowestPort} up on 127.0.0.1`)
    const port = lowestPort + next
    next = (next + 1) % portCount
    if (await isFree(port)) found.push(port)
  }
  return found
}

/** Whether a server could listen on this loopback port now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
