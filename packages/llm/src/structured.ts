import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import { z } from "zod"
import type { ChatMessage, ChatModel, ChatRequest, Finish, Usage } from "./chat-model.ts"
import { collect } from "./collect.ts"
import { withFailure } from "./failure.ts"

export interface Structured<T> {
  value: T
  /** Of all attempts together. */
  usage: Usage
  attempts: number
}

/**
 * An answer as a checked value. The schema goes with the request; what comes back is parsed and checked all the same,
 * because a model may ignore it. A wrong answer is returned to the model once with what is wrong. Throws SERVICE_FAILED
 * when the second is wrong too, LIMIT_EXCEEDED when `maxTokens` cut it short, CONTENT_FILTERED, INTERRUPTED, and what the
 * model throws. `failureOf(error).usage` tells what was spent.
 */
export const structured = async <T>(
  model: ChatModel,
  schema: z.ZodType<T>,
  request: Omit<ChatRequest, "jsonSchema">,
  options: { name?: string; signal?: AbortSignal } = {},
): Promise<Structured<T>> => {
  const { name = "answer", signal } = options
  const { $schema: _, ...jsonSchema } = z.toJSONSchema(schema)
  const messages: ChatMessage[] = [...request.messages]
  let usage: Usage = { promptTokens: 0, completionTokens: 0, estimated: false }
  let wrong = ""
  for (let attempts = 1; attempts <= 2; attempts++) {
    const asked = { ...request, messages: [...messages], jsonSchema: { name, schema: jsonSchema } }
    const { text, finish } = await collect(model.stream(asked, signal))
    usage = sum(usage, finish.usage)
    throwIfAborted(signal)
    const ended = endedEarly(finish, model.id, request.maxTokens)
    if (ended) throw withFailure(ended, { usage })
    const checked = check(schema, text)
    if ("value" in checked) return { value: checked.value, usage, attempts }
    wrong = checked.wrong
    messages.push(
      { role: "assistant", content: text },
      {
        role: "user",
        content: `That is not what was asked for: ${wrong}. Answer again with the corrected JSON document alone.`,
      },
    )
  }
  throw withFailure(
    new RoadmapError("SERVICE_FAILED", `${model.id} gave no valid "${name}" in two attempts: ${wrong}.`, {
      hint: "Use a model that supports structured output, or a simpler schema.",
    }),
    { usage },
  )
}

const check = <T>(schema: z.ZodType<T>, text: string): { value: T } | { wrong: string } => {
  let json: unknown
  try {
    json = JSON.parse(withoutFence(text))
  } catch {
    return { wrong: text.trim() === "" ? "the answer is empty" : "the answer is no JSON document" }
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return { value: parsed.data }
  const problems = parsed.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join(".") || "the document"}: ${message}`)
  return { wrong: problems.join("; ") }
}

/** Small models like to put their JSON into a code block. */
const withoutFence = (text: string): string =>
  /^\s*```(?:json)?\s*\n([\s\S]*?)\n\s*```\s*$/.exec(text)?.[1] ?? text

const endedEarly = (
  { reason, filtered }: Finish,
  id: string,
  maxTokens?: number,
): RoadmapError | undefined => {
  if (reason === "length")
    return new RoadmapError(
      "LIMIT_EXCEEDED",
      `${id} needed more than ${maxTokens ?? "its limit of"} tokens for its answer.`,
      { hint: "Raise maxTokens, or ask for less." },
    )
  if (reason === "content-filter")
    return new RoadmapError(
      "CONTENT_FILTERED",
      `${id} stopped its answer by its content filter${filtered ? ` (${filtered.join(", ")})` : ""}.`,
      { hint: "Put the question in other words." },
    )
  return undefined
}

const sum = (a: Usage, b: Usage): Usage => ({
  promptTokens: a.promptTokens + b.promptTokens,
  completionTokens: a.completionTokens + b.completionTokens,
  ...((a.cachedTokens ?? b.cachedTokens) !== undefined && {
    cachedTokens: (a.cachedTokens ?? 0) + (b.cachedTokens ?? 0),
  }),
  estimated: a.estimated || b.estimated,
})
