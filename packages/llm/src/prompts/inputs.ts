import { sha256 } from "@roadmap/core/hash"
import { z } from "zod"

/**
 * Types of a prompt's inputs. `text` and `passages` are data from outside and are fenced; `line`, `number` and `boolean`
 * are inserted as they are, on one line; `history` is turns of the conversation.
 */
export const inputTypes = [
  "text",
  "text?",
  "line",
  "line?",
  "number",
  "number?",
  "boolean",
  "boolean?",
  "passages",
  "passages?",
  "history",
  "history?",
] as const

export type InputType = (typeof inputTypes)[number]

/** A retrieved passage as a prompt shows it; the model cites its `id`. */
export interface PromptPassage {
  id: string | number
  text: string
  title?: string
}

const schemas = {
  text: z.string({ error: "expected a text" }),
  line: z
    .string({ error: "expected a line of text" })
    .max(500, "expected at most 500 characters")
    .regex(/^[^\r\n]*$/, "expected one line"),
  number: z.number({ error: "expected a number" }),
  boolean: z.boolean({ error: "expected true or false" }),
  passages: z.array(
    z.object({
      id: z.union([z.string(), z.number()]),
      text: z.string(),
      title: z.string().optional(),
    }),
    { error: "expected a list of passages" },
  ),
  history: z.array(
    z.object({
      role: z.enum(["user", "assistant"], { error: "expected user or assistant" }),
      content: z.string(),
    }),
    { error: "expected a list of turns" },
  ),
}

/** Checks all inputs of a prompt at once; an input that it does not name is a mistake. */
export const schemaOf = (inputs: Readonly<Record<string, InputType>>): z.ZodType<Record<string, unknown>> =>
  z.strictObject(
    Object.fromEntries(
      Object.entries(inputs).map(([name, type]) => {
        const schema = schemas[type.replace("?", "") as keyof typeof schemas]
        return [name, type.endsWith("?") ? schema.optional() : schema]
      }),
    ),
  )

/** What stands for a placeholder. Data is between tags that it cannot close. */
export const renderInput = (name: string, type: InputType, value: unknown): string => {
  if (value === undefined) return ""
  if (type.startsWith("passages")) {
    const passages = value as PromptPassage[]
    const mark = markFor(passages.map(({ text }) => text))
    return passages
      .map(({ id, text, title }) => {
        const named = title === undefined ? "" : ` title="${attribute(title)}"`
        return `<passage-${mark} id="${attribute(String(id))}"${named}>\n${harmless(text)}\n</passage-${mark}>`
      })
      .join("\n")
  }
  if (type.startsWith("text")) {
    const text = value as string
    const tag = `${name}-${markFor([text])}`
    return `<${tag}>\n${harmless(text)}\n</${tag}>`
  }
  return harmless(String(value))
}

/**
 * Letters that no text among these has: so none of them can write the closing tag, whoever wrote it. The same texts give
 * the same mark, so the same prompt.
 */
const markFor = (texts: readonly string[]): string => {
  let mark = sha256(texts.join("\0")).slice(0, 8)
  while (texts.some(text => text.includes(mark))) mark = sha256(mark).slice(0, 8)
  return mark
}

/**
 * Without control characters (tabs and line ends stay), and with the special tokens of chat templates, such as
 * <|im_end|>, spelt so that a server which reads them inside of texts does not end the turn.
 */
const harmless = (text: string): string =>
  text
    .toWellFormed()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
    .replaceAll(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g, "")
    .replaceAll(/<\|([\w-]{1,40})\|>/g, "‹|$1|›")

const attribute = (text: string): string =>
  harmless(text)
    .replaceAll(/\s+/g, " ")
    .replaceAll("&", "&amp;")
    .replaceAll('"', "&quot;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
