import { readFile } from "node:fs/promises"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { sha256 } from "@roadmap/core/hash"
import { parse } from "yaml"
import { z } from "zod"
import type { ChatMessage } from "../chat-model.ts"
import { type InputType, inputTypes, renderInput, schemaOf } from "./inputs.ts"

/** Which prompt made a request: goes into every trace. */
export interface PromptVersion {
  name: string
  version: number
  /** Beginning of the SHA-256 of the file: two texts are never taken for one version. */
  hash: string
}

export interface Prompt extends PromptVersion {
  /** Name to type; a type with "?" may be left out. */
  inputs: Readonly<Record<string, InputType>>
  /** What the author found good for this prompt; the caller may use others. */
  hints: { temperature?: number; maxTokens?: number; models?: readonly string[] }
  /** Throws INVALID_INPUT that names every missing, unknown or wrong input. */
  render(values: Readonly<Record<string, unknown>>): { messages: ChatMessage[]; prompt: PromptVersion }
}

const frontMatter = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, "a name such as grounded-answer"),
  version: z.int().min(1),
  description: z.string().optional(),
  inputs: z.record(z.string().regex(/^[a-z]\w*$/), z.enum(inputTypes)).default({}),
  hints: z
    .strictObject({
      temperature: z.number().min(0).max(2).optional(),
      maxTokens: z.int().min(1).optional(),
      models: z.array(z.string()).optional(),
    })
    .default({}),
})

const roles = ["system", "user", "assistant", "history"] as const
interface Section {
  role: (typeof roles)[number]
  body: string
}

/** Reads a prompt file. Throws FILE_MISSING, or INVALID_INPUT for a file that is no prompt. */
export const loadPrompt = async (path: string): Promise<Prompt> => {
  try {
    return parsePrompt(await readFile(path, "utf8"), path)
  } catch (error) {
    throw toRoadmapError(error)
  }
}

/**
 * A prompt out of its Markdown: front matter (name, version, inputs with their types, hints), then sections `# system`,
 * `# user`, `# assistant`, and `# history` where the turns of a conversation go. `{{question}}` stands for an input.
 */
export const parsePrompt = (text: string, where = "the prompt"): Prompt => {
  const normal = text.replaceAll("\r\n", "\n")
  const [, matter, body] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(normal) ?? []
  const fail = (what: string) =>
    new RoadmapError("INVALID_INPUT", `${where} is no prompt: ${what}.`, {
      hint: "It begins with front matter (name, version, inputs) between --- lines; then # system and # user.",
    })
  if (matter === undefined || body === undefined) throw fail("it has no front matter")
  const parsed = frontMatter.safeParse(yamlOf(matter, fail))
  if (!parsed.success)
    throw fail(parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; "))
  const { name, version, inputs, hints } = parsed.data
  const sections = sectionsOf(body)
  if (!sections.some(({ role }) => role === "user")) throw fail("it has no section # user")
  checkPlaceholders(sections, inputs, fail)
  const identity = { name, version, hash: sha256(normal).slice(0, 12) }
  const schema = schemaOf(inputs)
  return {
    ...identity,
    inputs,
    hints,
    render(values) {
      const checked = schema.safeParse(values)
      if (!checked.success)
        throw new RoadmapError(
          "INVALID_INPUT",
          `Wrong inputs of the prompt ${name}@${version}: ${checked.error.issues.map(problemOf).join("; ")}.`,
          {
            hint: `Its inputs are ${Object.entries(inputs)
              .map(([key, type]) => `${key} (${type})`)
              .join(", ")}.`,
          },
        )
      return {
        messages: sections.flatMap(section => messagesOf(section, inputs, checked.data)),
        prompt: identity,
      }
    },
  }
}

const messagesOf = (
  { role, body }: Section,
  inputs: Readonly<Record<string, InputType>>,
  values: Record<string, unknown>,
): ChatMessage[] => {
  if (role === "history") return (values.history as ChatMessage[] | undefined) ?? []
  // In one pass: what is inserted is never looked at for placeholders.
  const content = body.replaceAll(placeholder, (_, name: string) =>
    renderInput(name, inputs[name], values[name]),
  )
  return [{ role, content }]
}

const placeholder = /\{\{\s*(\w+)\s*\}\}/g

const sectionsOf = (body: string): Section[] => {
  const parts = body.split(new RegExp(`^# (${roles.join("|")})[ \\t]*$`, "m"))
  return Array.from({ length: (parts.length - 1) / 2 }, (_, i) => ({
    role: parts[2 * i + 1] as Section["role"],
    body: parts[2 * i + 2].trim(),
  }))
}

const checkPlaceholders = (
  sections: readonly Section[],
  inputs: Readonly<Record<string, InputType>>,
  fail: (what: string) => RoadmapError,
): void => {
  const used = new Set(
    sections.flatMap(({ role, body }) =>
      role === "history" ? ["history"] : [...body.matchAll(placeholder)].map(([, name]) => name),
    ),
  )
  const unknown = [...used].filter(name => !Object.hasOwn(inputs, name))
  if (unknown.length > 0) throw fail(`it uses ${unknown.join(", ")}, which its inputs do not name`)
  const idle = Object.keys(inputs).filter(name => !used.has(name))
  if (idle.length > 0) throw fail(`its inputs name ${idle.join(", ")}, which it does not use`)
}

const yamlOf = (text: string, fail: (what: string) => RoadmapError): unknown => {
  try {
    return parse(text)
  } catch (error) {
    throw fail(`its front matter is no YAML (${(error as Error).message.split("\n")[0]})`)
  }
}

/** Names of inputs and what was expected, never the values: they may be a person's. */
const problemOf = (issue: z.core.$ZodIssue): string =>
  issue.code === "unrecognized_keys"
    ? `there is no input ${issue.keys.join(", ")}`
    : `${issue.path.join(".")}: ${issue.message}`
