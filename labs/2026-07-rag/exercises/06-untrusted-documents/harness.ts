import { defineHarness } from "@roadmap/labkit/exercises/harness"
import type { Document, Messages, prompt } from "./solution.ts"

/** What a model reads from two messages. */
export interface Read {
  system: string
  documents: Document[]
  question: string | null
  /** Everything outside of the elements: it would be obeyed. */
  outside: string
}

const decoded = (text: string): string =>
  text.replace(
    /&(amp|lt|gt|quot);/g,
    (_, name: string) => ({ amp: "&", lt: "<", gt: ">", quot: '"' })[name] ?? "",
  )

/** Reads as the task says: an element ends at the first end tag, whoever wrote it. */
export const read = ({ system, user }: Messages): Read => {
  const documents: Document[] = []
  const questions: string[] = []
  const outside = user.replace(
    /<document id="([^"]*)" title="([^"]*)">([\s\S]*?)<\/document>|<question>([\s\S]*?)<\/question>/g,
    (_, id?: string, title = "", text = "", question = "") => {
      if (id !== undefined) documents.push({ id: decoded(id), title: decoded(title), text: decoded(text) })
      else questions.push(decoded(question))
      return ""
    },
  )
  return {
    system,
    documents,
    question: questions.length === 1 ? questions[0] : questions.length === 0 ? null : questions.join(" | "),
    outside: outside.trim(),
  }
}

/** (question, documents) => what a model reads from the messages. */
export default defineHarness(
  (answer: typeof prompt) =>
    (question: string, documents: readonly Document[]): Read =>
      read(answer(question, documents)),
)
