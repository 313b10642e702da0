import type { createTopicsV7, describeConfigsV4, metadataV12 } from '@platformatic/kafka'

// The library does not export its answers' types by name.
/** The answer to Metadata v12. */
export type MetadataAnswer = Awaited<ReturnType<typeof metadataV12.api.async>>
/** The answer to DescribeConfigs v4. */
export type ConfigsAnswer = Awaited<ReturnType<typeof describeConfigsV4.api.async>>
/** The answer to CreateTopics v7. */
export type CreateTopicsAnswer = Awaited<ReturnType<typeof createTopicsV7.api.async>>

/**
 * The library throws answers that hold any error code, with the parsed answer in `response`. This gives the answer back, so
 * that the caller judges codes one by one. (A code the library does not know is a TypeError without a response: rethrown.)
 */
export async function answerOf<T>(request: Promise<T>): Promise<T> {
  try {
    return await request
  } catch (error) {
    if (isResponseError<T>(error)) return error.response
    throw error
  }
}

function isResponseError<T>(error: unknown): error is { response: T } {
  return error instanceof Error && 'response' in error && typeof error.response === 'object' && error.response !== null
}
