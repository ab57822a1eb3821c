import { RoadmapError } from "@roadmap/core/errors"
import { checkQuestion, type Turn } from "@roadmap/rag/answers/question"
import { z } from "zod"
import { historyLimits } from "../ask/question.ts"
import { describeIssues, parseBody } from "../protocol/json-body.ts"
import { openAiRefusal } from "./errors.ts"

/** The model's name in OpenAI's routes. */
export const modelName = "roadmap-assistant"

const textPart = z.object({ type: z.literal("text", "only parts of type text are taken"), text: z.string() })
const content = z.union([z.string(), z.array(textPart)], "a text, or a list of text parts, was expected")
const roles = ["system", "developer", "user", "assistant"] as const

const message = z.object({
  role: z.enum(roles, `one of ${roles.join(", ")} was expected`),
  content: content,
})

/** What this service acts on. */
const acted = {
  model: z.string(),
  messages: z.array(message).min(1, "at least one message is needed"),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
}

/**
 * Fields that tune how a model writes or mark the request. Clients send them unasked; an answer from passages is the
 * same with and without them.
 */
const tuning: ReadonlySet<string> = new Set([
  "frequency_penalty",
  "max_completion_tokens",
  "max_tokens",
  "metadata",
  "presence_penalty",
  "prompt_cache_key",
  "reasoning_effort",
  "safety_identifier",
  "seed",
  "service_tier",
  "store",
  "temperature",
  "top_p",
  "user",
  "verbosity",
])

/** Fields that ask for an answer of another form, with the values that ask for nothing. */
const harmless: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: value => value === 1,
  response_format: value => (value as { type?: unknown })?.type === "text",
  tools: value => Array.isArray(value) && value.length === 0,
  tool_choice: value => value === "none" || value === "auto",
  parallel_tool_calls: value => typeof value === "boolean",
  functions: () => false,
  function_call: value => value === "none",
  logprobs: value => value === false,
  top_logprobs: value => value === 0,
  logit_bias: value => Object.keys(value ?? {}).length === 0,
  stop: value => Array.isArray(value) && value.length === 0,
  modalities: value => Array.isArray(value) && value.join() === "text",
  audio: () => false,
  prediction: () => false,
  web_search_options: () => false,
}

export interface ChatAsk {
  readonly question: string
  readonly history: readonly Turn[]
  readonly stream: boolean
  readonly includeUsage: boolean
}

/**
 * A chat completion's body as a question with the turns before it. System messages are read and not followed: this
 * assistant has its own rules. Throws with OpenAI's codes for an unknown model or field, and one that asks for
 * another form of answer (tools, several choices).
 */
export const readChatRequest = (bytes: unknown): ChatAsk => {
  const body = parseBody(bytes)
  checkFields(body)
  const parsed = z.object(acted).safeParse(body)
  if (!parsed.success) {
    const [{ path }] = parsed.error.issues
    throw openAiRefusal("INVALID_INPUT", `The request cannot be used: ${describeIssues(parsed.error)}.`, {
      param: path.length === 0 ? null : String(path[0]),
      as: "invalid_value",
    })
  }
  const { model, messages, stream, stream_options } = parsed.data
  if (model !== modelName) throw unknownModel(model)
  return {
    ...toQuestion(messages.map(({ role, content }) => ({ role, text: textOf(content) }))),
    stream: stream ?? false,
    includeUsage: stream_options?.include_usage ?? false,
  }
}

export const unknownModel = (name: string): RoadmapError =>
  openAiRefusal(
    "NOT_FOUND",
    `The model '${name.slice(0, 100)}' does not exist; this server has ${modelName}.`,
    {
      param: "model",
      as: "model_not_found",
    },
  )

const checkFields = (body: unknown): void => {
  if (body === null || typeof body !== "object" || Array.isArray(body))
    throw new RoadmapError("INVALID_INPUT", "The body is no JSON object.")
  for (const [name, value] of Object.entries(body)) {
    if (Object.hasOwn(acted, name) || tuning.has(name)) continue
    if (!Object.hasOwn(harmless, name))
      throw openAiRefusal("INVALID_INPUT", `Unknown parameter: '${name.slice(0, 100)}'.`, {
        param: name.slice(0, 100),
        as: "unknown_parameter",
      })
    if (value !== null && !harmless[name](value))
      throw openAiRefusal("INVALID_INPUT", `This assistant answers in text alone: '${name}' is not taken.`, {
        param: name,
        as: "unsupported_parameter",
      })
  }
}

interface Said {
  readonly role: (typeof roles)[number]
  readonly text: string
}

const toQuestion = (messages: readonly Said[]): { question: string; history: Turn[] } => {
  const said = messages.filter(({ role }) => role === "user" || role === "assistant")
  const last = said.at(-1)
  if (last?.role !== "user")
    throw openAiRefusal("INVALID_INPUT", "The last message must be the user's question.", {
      param: "messages",
      as: "invalid_value",
    })
  const history: Turn[] = []
  let asked: string | undefined
  for (const { role, text } of said.slice(0, -1)) {
    if (role === "user") asked = text
    else if (asked !== undefined) {
      history.push({ question: asked, answer: text })
      asked = undefined
    }
  }
  return { question: checkQuestion(last.text), history: checkHistory(history) }
}

const checkHistory = (history: Turn[]): Turn[] => {
  const { turnCharacters, turns } = historyLimits
  const long = history.find(
    ({ question, answer }) => Math.max(question.length, answer.length) > turnCharacters,
  )
  if (long)
    throw openAiRefusal("LIMIT_EXCEEDED", `A message has more than ${turnCharacters} characters.`, {
      param: "messages",
      as: "string_above_max_length",
    })
  return history.slice(-turns)
}

const textOf = (content: string | { text: string }[]): string =>
  typeof content === "string" ? content : content.map(({ text }) => text).join("\n")
