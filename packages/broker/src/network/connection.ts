import { once } from 'node:events'
import type { Socket } from 'node:net'
import { unsupportedApiVersions } from '../api/api-versions.js'
import { type Api, type ApiContext, CLOSE } from '../api/definition.js'
import type { FaultSwitches } from '../faults/switches.js'
import { apiVersionsResponseCodec } from '../generated/api-versions-response.js'
import { requestHeaderCodec } from '../generated/request-header.js'
import { responseHeaderCodec } from '../generated/response-header.js'
import { ProtocolError } from '../protocol/codec.js'
import { ErrorCode } from '../protocol/error-codes.js'
import { Reader } from '../protocol/reader.js'
import { Writer } from '../protocol/writer.js'
import { Frames } from './frames.js'

const API_VERSIONS = 18

/** What a connection is served with. */
export interface ConnectionOptions {
  readonly apis: readonly Api[]
  readonly faults: FaultSwitches
  readonly requestBytesMax: number
  /** Everything of the request's context that is not about the request itself. */
  readonly context: Omit<ApiContext, 'version' | 'clientId' | 'clientHost' | 'signal' | 'injectedError' | 'apis'>
}

/**
 * Serves one client until it goes away. One request at a time, in order, as Kafka mutes a channel while a request is
 * worked on; reading stops meanwhile, so what a client can queue here is one socket buffer.
 */
export async function serveConnection(socket: Socket, options: ConnectionOptions): Promise<void> {
  const gone = new AbortController()
  socket.once('close', () => gone.abort())
  // Without a listener a reset would end the process; the loop below sees the end of the stream either way.
  socket.on('error', () => gone.abort())
  socket.setNoDelay(true)
  const from = `${socket.remoteAddress}:${socket.remotePort}`
  const frames = new Frames(options.requestBytesMax)
  const seen: Seen = { coordinatorMoves: options.faults.coordinatorMoves }
  try {
    for await (const chunk of socket) {
      for (const frame of frames.push(chunk as Buffer)) {
        if (gone.signal.aborted || socket.destroyed || !(await serveRequest(frame, socket, options, seen, gone.signal)))
          return
      }
    }
  } catch (error) {
    if (gone.signal.aborted) return
    if (error instanceof ProtocolError)
      options.context.log(`connection from ${from} closed: no Kafka request: ${error.message}`)
    else
      options.context.log(
        `connection from ${from} closed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      )
  } finally {
    gone.abort()
    socket.destroy()
  }
}

/** What this connection's client has been told. */
interface Seen {
  coordinatorMoves: number
}

/** True for the first group request after the coordinator has moved: the client must look for it again. */
function hasMoved(api: Api, faults: FaultSwitches, seen: Seen): boolean {
  if (!api.coordinated || seen.coordinatorMoves === faults.coordinatorMoves) return false
  seen.coordinatorMoves = faults.coordinatorMoves
  return true
}

/** Answers one request; false when the connection must be cut. */
async function serveRequest(
  frame: Buffer,
  socket: Socket,
  options: ConnectionOptions,
  seen: Seen,
  signal: AbortSignal,
): Promise<boolean> {
  const { faults, apis } = options
  const api = apis.find((a) => a.key === frame.readInt16BE(0))
  const version = frame.readInt16BE(2)
  if (!api) throw new ProtocolError(`api key ${frame.readInt16BE(0)} is not one this broker has`)
  if (version < api.minVersion || version > api.maxVersion) {
    if (api.key === API_VERSIONS) return sendUnsupportedApiVersions(frame.readInt32BE(4), socket, signal)
    throw new ProtocolError(
      `${api.name} version ${version} is not supported (${api.minVersion} to ${api.maxVersion} are)`,
    )
  }
  const reader = new Reader(frame)
  const header = requestHeaderCodec.read(reader, version >= api.requestFlexibleFrom ? 2 : 1)
  const context: ApiContext = {
    ...options.context,
    apis,
    version,
    signal,
    clientId: header.clientId,
    clientHost: `/${socket.remoteAddress?.replace(/^::ffff:/, '') ?? ''}`,
    injectedError: hasMoved(api, faults, seen) ? () => ErrorCode.NOT_COORDINATOR : faults.errorsFor(api.name),
  }
  const write = await api.execute(reader, context)
  if (write === CLOSE) return false
  if (write === undefined) return true
  const delayMs = faults.delayOf(api.name)
  if (delayMs > 0) await pause(delayMs, options, signal)
  if (faults.dropsResponse(api.name)) {
    options.context.log(`fault: ${api.name} response dropped, connection cut`)
    return false
  }
  // Only ApiVersions keeps the old header in flexible versions: a client must be able to read it before it knows anything.
  const flexible = version >= api.responseFlexibleFrom && api.key !== API_VERSIONS
  return send(socket, header.correlationId, flexible, write, signal)
}

function sendUnsupportedApiVersions(correlationId: number, socket: Socket, signal: AbortSignal): Promise<boolean> {
  return send(
    socket,
    correlationId,
    false,
    (w) => apiVersionsResponseCodec.write(w, 0, unsupportedApiVersions()),
    signal,
  )
}

async function send(
  socket: Socket,
  correlationId: number,
  flexible: boolean,
  write: (writer: Writer) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const writer = new Writer()
  responseHeaderCodec.write(writer, flexible ? 1 : 0, { correlationId })
  write(writer)
  const size = Buffer.allocUnsafe(4)
  size.writeInt32BE(writer.length)
  if (signal.aborted || socket.destroyed) return false
  socket.cork()
  let drained = socket.write(size)
  for (const part of writer.parts()) drained = socket.write(part)
  socket.uncork()
  // A client that does not read must not make the broker hold its answers. The signal ends the wait when it goes away.
  if (!drained && socket.writableNeedDrain) await once(socket, 'drain', { signal })
  return true
}

function pause(ms: number, options: ConnectionOptions, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      cancel()
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const cancel = options.context.timers.after(ms, finish)
    signal.addEventListener('abort', finish)
    if (signal.aborted) finish()
  })
}
