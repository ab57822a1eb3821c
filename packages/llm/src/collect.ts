import { RoadmapError } from "@roadmap/core/errors"
import type { ChatChunk, Finish } from "./chat-model.ts"

/** Reads a stream to its end. Throws what the stream throws, and SERVICE_FAILED when it has no last chunk. */
export const collect = async (
  stream: AsyncIterable<ChatChunk>,
): Promise<{ text: string; finish: Finish }> => {
  let text = ""
  let finish: Finish | undefined
  for await (const chunk of stream) {
    text += chunk.text ?? ""
    finish = chunk.finish ?? finish
  }
  if (finish === undefined)
    throw new RoadmapError(
      "SERVICE_FAILED",
      "The chat model ended its answer without saying that it is complete.",
      {
        retryable: true,
      },
    )
  return { text, finish }
}
