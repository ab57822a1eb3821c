import { checkQuestion } from "@roadmap/rag/answers/question"
import type { Condition, Filter } from "@roadmap/rag/filter"
import { z } from "zod"
import { readJson } from "../protocol/json-body.ts"

export const historyLimits = { turns: 20, turnCharacters: 20_000 } as const

/** JSON can hold half a surrogate pair, which no text in UTF-8 has. */
const text = z.string().refine(given => given.isWellFormed(), "a lone surrogate is no text")
const turnText = text.max(
  historyLimits.turnCharacters,
  `at most ${historyLimits.turnCharacters.toLocaleString("en")} characters are taken`,
)

const value = z.union([z.string().max(500), z.number(), z.boolean()])
const condition: z.ZodType<Condition> = z.union(
  [
    value,
    z.strictObject({ in: z.array(value).min(1).max(100) }),
    z.strictObject({ not: value }),
    z.strictObject({ gte: z.number().optional(), lte: z.number().optional() }),
  ],
  "a value, { in: [values] }, { not: value } or { gte, lte } was expected",
)

const filter: z.ZodType<Filter> = z
  .record(z.string().regex(/^[A-Za-z][\w.-]{0,63}$/, "a name of metadata was expected"), condition)
  .refine(given => Object.keys(given).length <= 10, "at most 10 conditions are taken")

/** Body of POST /v1/ask. */
export const askSchema = z.strictObject({
  question: text,
  /** Earlier questions with their answers, oldest first. */
  history: z
    .array(z.strictObject({ question: turnText, answer: turnText }))
    .max(historyLimits.turns, `at most ${historyLimits.turns} turns are taken`)
    .optional(),
  /** Conditions on the passages: `{ "source": "fastify" }`, `{ "source": { "in": ["pino", "undici"] } }`. */
  filter: filter.optional(),
  /** True: server-sent events. */
  stream: z.boolean().optional(),
})

export type Ask = z.output<typeof askSchema>

/** Throws INVALID_INPUT, and LIMIT_EXCEEDED for a question that is too long. */
export const readAsk = (body: unknown): Ask => {
  const ask = readJson(body, askSchema)
  return { ...ask, question: checkQuestion(ask.question) }
}
