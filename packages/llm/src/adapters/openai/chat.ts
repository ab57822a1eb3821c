import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import type { ChatCompletionChunk } from "openai/resources/index"
import type { ChatChunk, ChatModel, ChatRequest, Finish } from "../../chat-model.ts"
import { withFailure } from "../../failure.ts"
import { createAnswer } from "./answer.ts"
import { type AttemptOptions, attempt } from "./attempts.ts"
import { type Deadlines, defaultDeadlines, type Watch, watchDeadlines } from "./deadlines.ts"
import { toProviderError } from "./errors.ts"
import type { Provider } from "./provider.ts"
import { bodyOf } from "./request.ts"

export interface ChatOptions {
  /** Model, or deployment on Azure. */
  model: string
  /** Tokens of prompt and answer together. */
  contextWindow: number
  deadlines?: Partial<Deadlines>
  retries?: Omit<AttemptOptions, "signal">
}

/**
 * A chat model behind any provider of the protocol. Requests are repeated only while nothing of an answer has come; a
 * stream that is left, aborted or late is closed at the provider, so that no more tokens are made.
 */
export const openAiChatModel = (provider: Provider, options: ChatOptions): ChatModel => {
  const { model, contextWindow, retries } = options
  const id = `${provider.name}/${model}`
  const deadlines = { ...defaultDeadlines, ...options.deadlines }
  return {
    id,
    contextWindow,
    async *stream(request, signal): AsyncGenerator<ChatChunk> {
      throwIfAborted(signal)
      const answer = createAnswer(request, id)
      let opened: Opened | undefined
      try {
        opened = await attempt(() => open(provider, model, request, deadlines, signal), {
          ...retries,
          signal,
        })
        const { watch, pieces } = opened
        for (let next = opened.first; !next.done && !signal?.aborted; ) {
          const text = answer.take(next.value)
          if (text !== "") yield { text }
          watch.waiting()
          next = await pieces.next()
          watch.resting()
        }
        if (signal?.aborted) {
          yield { finish: answer.aborted() }
          return
        }
        const late = watch.passed()
        if (late) throw late
        yield { finish: finishOf(answer.finish(), provider.address) }
      } catch (error) {
        if (signal?.aborted) {
          yield { finish: answer.aborted() }
          return
        }
        const known = opened?.watch.passed() ?? toProviderError(error, provider, model)
        throw answer.begun ? withFailure(known, { usage: answer.estimate() }) : known
      } finally {
        opened?.[Symbol.dispose]()
      }
    },
  }
}

interface Opened extends Disposable {
  watch: Watch
  pieces: AsyncIterator<ChatCompletionChunk>
  first: IteratorResult<ChatCompletionChunk>
}

/** Asks and waits for the first piece: all that may be tried again. */
const open = async (
  provider: Provider,
  model: string,
  request: ChatRequest,
  deadlines: Deadlines,
  signal?: AbortSignal,
): Promise<Opened> => {
  const watch = watchDeadlines(deadlines, `${provider.name}/${model}`, signal)
  const leaving = new AbortController()
  const dispose = () => {
    leaving.abort()
    watch[Symbol.dispose]()
  }
  try {
    watch.waiting()
    const stream = await provider.client.chat.completions.create(bodyOf(request, model, provider), {
      signal: AbortSignal.any([watch.signal, leaving.signal]),
    })
    const pieces = stream[Symbol.asyncIterator]()
    const first = await pieces.next()
    watch.resting()
    throwIfAborted(signal)
    const late = watch.passed()
    if (late) throw late
    if (first.done) throw incomplete(provider.address)
    return { watch, pieces, first, [Symbol.dispose]: dispose }
  } catch (error) {
    dispose()
    throwIfAborted(signal)
    throw watch.passed() ?? toProviderError(error, provider, model)
  }
}

const finishOf = (finish: Finish | undefined, address: string): Finish => {
  if (finish) return finish
  throw incomplete(address)
}

const incomplete = (address: string): RoadmapError =>
  new RoadmapError("SERVICE_FAILED", `${address} ended its answer without saying that it is complete.`, {
    hint: "Ask again.",
    retryable: true,
  })
