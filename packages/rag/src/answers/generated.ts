import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import type { ChatModel, Finish, Usage } from "@roadmap/llm/chat-model"
import { failureOf } from "@roadmap/llm/failure"
import type { PromptVersion } from "@roadmap/llm/prompts/prompt"
import type { AnswerEvent } from "../answer.ts"
import type { Citations } from "./citations.ts"
import type { Passage } from "./passage.ts"
import { answerPrompt } from "./prompt.ts"
import { readingText } from "./reading-text.ts"
import { type Part, sentenceStream } from "./sentence-stream.ts"
import { claimsNothing, findSnippet, findSupport, type Support, type SupportCheck } from "./support.ts"
import { addressesIn } from "./untrusted.ts"

export interface Generation extends SupportCheck {
  chatModel: ChatModel
  question: string
  passages: readonly Passage[]
  citations: Citations
  /** What happens to a sentence that no passage supports. */
  unsupported: "drop" | "mark"
}

/** How a chat model's answer came out. */
export interface Generated {
  /** Characters of kept text: 0 means that there is no answer. */
  kept: number
  /** The model said itself that the passages do not answer. */
  declined: boolean
  unsupported: number
  /** Sentences that it had said before: they are left out. */
  repeated: number
  finish?: Finish["reason"]
  usage?: Usage
  error?: RoadmapError
  /** Which prompt was rendered. */
  prompt?: PromptVersion
}

const declining = /\bnot in the passages\b/i

/**
 * Streams a chat model's answer sentence by sentence: a sentence leaves when it is whole, checked against the passages,
 * and carries the number of the place that supports it, which is found here and not taken from the model. A failure of the
 * model is told in the outcome; an abort throws INTERRUPTED.
 */
export async function* generateAnswer(generation: Generation): AsyncGenerator<AnswerEvent, Generated> {
  const { chatModel, signal } = generation
  const outcome: Generated = { kept: 0, declined: false, unsupported: 0, repeated: 0 }
  const sentences = sentenceStream()
  const writer = createWriter(generation, outcome)
  const enough = new AbortController()
  try {
    const { prompt, ...request } = await answerPrompt({
      id: chatModel.id,
      contextWindow: chatModel.contextWindow,
      passages: generation.passages,
      question: generation.question,
    })
    outcome.prompt = prompt
    const stopped = signal ? AbortSignal.any([signal, enough.signal]) : enough.signal
    for await (const { text, finish } of chatModel.stream(request, stopped)) {
      if (text && !enough.signal.aborted)
        for (const part of sentences.push(printable(text))) yield* writer.write(part)
      // A small model that has begun to repeat itself does not stop by itself.
      if (outcome.repeated >= 3) enough.abort()
      if (finish) Object.assign(outcome, { finish: finish.reason, usage: finish.usage })
    }
    throwIfAborted(signal)
    // What a limit or a filter cut off is half a sentence: it is not shown.
    if (outcome.finish === "stop" || outcome.finish === undefined)
      for (const part of sentences.end()) yield* writer.write(part)
    if (outcome.finish === "content-filter")
      outcome.error = new RoadmapError("CONTENT_FILTERED", "The provider's content filter cut the answer.", {
        hint: "Ask in other words, or look at the passages themselves.",
      })
  } catch (error) {
    throwIfAborted(signal)
    outcome.error = toRoadmapError(error)
    outcome.usage ??= failureOf(error)?.usage
  }
  return outcome
}

/** A model can be made to write what moves a terminal's cursor or turns the direction of text. */
const printable = (text: string): string => text.replace(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu, "")

const createWriter = (generation: Generation, outcome: Generated) => {
  /** A line that announces what follows ("Here is how:"): it leaves with it or not at all. */
  let leadIn = ""
  let last: Part["kind"] | undefined
  const said = new Set<string>()
  const say = (text: string, { kind, gap }: Part): AnswerEvent => {
    const between =
      last === undefined
        ? ""
        : kind === "code" || last === "code"
          ? "\n\n"
          : gap.includes("\n")
            ? breakOf(gap)
            : " "
    const whole = `${between}${leadIn}${text}`
    leadIn = ""
    last = kind
    outcome.kept += whole.length
    return { type: "text", text: whole }
  }
  return {
    async *write(part: Part): AsyncGenerator<AnswerEvent> {
      const plain = part.kind === "code" ? part.text : withoutMarkers(part.text)
      if (part.kind === "sentence" && declining.test(plain)) {
        outcome.declined = true
        return
      }
      if (part.kind === "sentence" && claimsNothing(plain)) {
        leadIn = plain.endsWith(":") && addressesIn(plain).length === 0 ? `${readingText(plain)}\n\n` : ""
        return
      }
      const bare = plain.replace(/[^\p{L}\p{N}]+/gu, " ").toLowerCase()
      if (said.has(bare)) {
        outcome.repeated++
        return
      }
      said.add(bare)
      const support = await supportOf(part, plain, generation)
      const cited = support && (await generation.citations.cite({ chunk: support.passage.chunk, ...support }))
      if (cited) {
        if (cited.isNew) yield { type: "citation", citation: cited.citation }
        yield say(marked(part, plain, `[${cited.citation.marker}]`), part)
        return
      }
      outcome.unsupported++
      leadIn = ""
      if (generation.unsupported === "mark")
        yield say(marked(part, withoutAddresses(plain), "[not in the documents]"), part)
    },
  }
}

const supportOf = (part: Part, plain: string, generation: Generation): Promise<Support | undefined> =>
  part.kind === "code"
    ? Promise.resolve(findSnippet(part.text, generation.passages))
    : findSupport(plain, generation)

const marked = ({ kind, text }: Part, plain: string, marker: string): string => {
  if (kind === "code") return `${text}\n${marker}`
  const item = /^(?:[-*+]|\d+[.)])\s+/.exec(plain)?.[0] ?? ""
  return `${item}${readingText(plain.slice(item.length))} ${marker}`
}

const breakOf = (gap: string): string => (gap.split("\n").length > 2 ? "\n\n" : "\n")

const withoutMarkers = (text: string): string =>
  text.replace(/\s*[[(](?:passage\s+)?\d+(?:\s*,\s*\d+)*[\])]/gi, "").trim()

/** Nobody has seen where an unsupported address leads. */
const withoutAddresses = (text: string): string =>
  addressesIn(text).reduce((rest, address) => rest.replaceAll(address, "(address left out)"), text)
