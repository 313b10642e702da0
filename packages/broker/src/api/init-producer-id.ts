import { initProducerIdRequestCodec } from '../generated/init-producer-id-request.js'
import { initProducerIdResponse, initProducerIdResponseCodec } from '../generated/init-producer-id-response.js'
import { ErrorCode } from '../protocol/error-codes.js'
import { type Api, defineApi } from './definition.js'

/**
 * A new producer id at epoch 0, durable and never given twice. Without a transactional id Kafka ignores the id and the
 * epoch of the request (TransactionCoordinator.handleInitProducerId), so a producer cannot raise its epoch this way.
 */
export const initProducerId: Api = defineApi({
  name: 'InitProducerId',
  request: initProducerIdRequestCodec,
  response: initProducerIdResponseCodec,
  handle(request, context) {
    const refused = (errorCode: number): ReturnType<typeof initProducerIdResponse> =>
      initProducerIdResponse({ errorCode, producerId: -1n, producerEpoch: -1 })
    const injected = context.injectedError()
    if (injected !== 0) return refused(injected)
    if (request.transactionalId === '') return refused(ErrorCode.INVALID_REQUEST)
    if (request.transactionalId !== null) {
      context.log(`transactional id '${request.transactionalId}' refused: this broker has no transactions`)
      return refused(ErrorCode.UNSUPPORTED_VERSION)
    }
    try {
      return initProducerIdResponse({ producerId: BigInt(context.node.producerIds.next()), producerEpoch: 0 })
    } catch (error) {
      context.log(`no producer id: ${String(error)}`)
      return refused(ErrorCode.UNKNOWN_SERVER_ERROR)
    }
  },
})
