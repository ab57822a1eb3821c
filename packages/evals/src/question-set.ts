import { readFile } from "node:fs/promises"
import { RoadmapError } from "@roadmap/core/errors"
import { z } from "zod"

const passageSchema = z.strictObject({
  /** Id of a document of the index. */
  document: z.string().min(1),
  /** Exact text of that document. */
  quote: z.string().min(1),
})

const questionSchema = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9-]+$/, "small letters, digits and hyphens"),
    question: z.string().trim().min(1),
    kind: z.enum(["single", "multi", "unanswerable", "adversarial"]),
    /** Questions of one topic stay in one half. */
    topic: z.string().min(1),
    split: z.enum(["tune", "test", "second"]),
    /** Of unanswerable questions: "near" ones are about things that the documents do speak of. */
    distance: z.enum(["far", "near"]).optional(),
    /** The facts that an answer needs; any one alternative of a need is enough. None: the answer is to decline. */
    gold: z.array(z.strictObject({ anyOf: z.array(passageSchema).min(1) })),
    /** Words that a right answer has, in its text or in what it cites; small and capital letters are equal. */
    expect: z.array(z.string().min(1)).optional(),
  })
  .superRefine((question, context) => {
    const wanted = { single: [1, 1], multi: [2, 9], unanswerable: [0, 0], adversarial: [0, 9] }[question.kind]
    const needs = question.gold.length
    if (needs < wanted[0] || needs > wanted[1])
      context.addIssue({
        code: "custom",
        path: ["gold"],
        message: `a question of kind "${question.kind}" has ${needs} needs`,
      })
    if (question.kind === "unanswerable" && question.distance === undefined)
      context.addIssue({
        code: "custom",
        path: ["distance"],
        message: "an unanswerable question is far or near",
      })
  })

/** A question with what is known of its answer. */
export type Question = z.infer<typeof questionSchema>

/** Whether the documents hold an answer; if not, declining is right. */
export const isAnswerable = (question: Question): boolean => question.gold.length > 0

/** Reads a question set: one JSON document a line. Throws FILE_MISSING, and INVALID_INPUT which names every wrong line. */
export const loadQuestions = async (file: string): Promise<Question[]> => {
  let text: string
  try {
    text = await readFile(file, "utf8")
  } catch (cause) {
    throw new RoadmapError("FILE_MISSING", `There is no question set ${file}.`, {
      hint: "Give a file of JSON lines, one question a line.",
      cause,
    })
  }
  return parseQuestions(text, file)
}

/** As loadQuestions, of text; `name` is for messages. */
export const parseQuestions = (text: string, name: string): Question[] => {
  const questions: Question[] = []
  const wrong: string[] = []
  const lineOf = new Map<string, number>()
  text.split("\n").forEach((line, index) => {
    if (line.trim() === "") return
    const parsed = questionSchema.safeParse(jsonOf(line))
    if (!parsed.success) {
      wrong.push(`line ${index + 1}: ${problemOf(parsed.error)}`)
      return
    }
    const first = lineOf.get(parsed.data.id)
    if (first !== undefined)
      wrong.push(`line ${index + 1}: the id "${parsed.data.id}" is that of line ${first}`)
    lineOf.set(parsed.data.id, index + 1)
    questions.push(parsed.data)
  })
  if (wrong.length > 0)
    throw new RoadmapError(
      "INVALID_INPUT",
      `${name} is no question set: ${wrong.slice(0, 5).join("; ")}${wrong.length > 5 ? `; and ${wrong.length - 5} more` : ""}.`,
      {
        hint: 'A line looks so: {"id":"body-size","question":"…","kind":"single","topic":"…","split":"tune","gold":[{"anyOf":[{"document":"…","quote":"…"}]}]}',
      },
    )
  if (questions.length === 0) throw new RoadmapError("FILE_EMPTY", `${name} has no question.`)
  return questions
}

/** undefined for what is no JSON: the schema then says that an object was expected. */
const jsonOf = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

const problemOf = (error: z.ZodError): string =>
  error.issues
    .slice(0, 2)
    .map(issue => `${issue.path.length > 0 ? `${issue.path.join(".")}: ` : ""}${issue.message}`)
    .join(", ")
