import { defineStep } from "@roadmap/labkit/lab"
import { knownModel } from "@roadmap/llm/models"
import { cost } from "@roadmap/llm/prices"
import { countTokens, estimateTokens } from "@roadmap/llm/tokens"
import type { Document } from "@roadmap/rag/document"
import { passageSize } from "./chunk.ts"
import { codeBlocks } from "./chunks/spans.ts"
import { isPublished, readCorpus } from "./corpus/read.ts"
import { readDocuments } from "./read.ts"

/** The model whose tokens, window and price are counted with. Nothing is sent to it. */
export const countedFor = "openai/gpt-4o-mini"
/** Passages that a question gets, at their longest. */
const passage = { characters: passageSize, count: 6 }
/** Tokens kept for the answer, and what system text and question take. */
const reserve = { answer: 400, question: 300 }

export interface SourceTokens {
  source: string
  published: boolean
  characters: number
  tokens: number
  /** Without the optional part that counts exactly: the same on every machine. */
  estimated: number
  /** Of prose, and of code blocks: code costs more. */
  charactersPerToken: { prose: number; code: number }
}

/** What the documents are to a model: tokens; and what it would cost to send all of them with every question. */
export const countCorpus = defineStep({
  id: "tokens",
  title: "Count the documents in tokens: why not send all of them?",
  needs: [readDocuments],
  inputs: async () => ({ exact: String(countTokens("tokens", countedFor).exact) }),
  async run({ config, signal }) {
    const { documents } = await readCorpus(config, signal)
    const bySource = Map.groupBy(documents, ({ source }) => source)
    const sources = [...bySource].map(([source, group]) => count(source, group))
    const total = sources.reduce((sum, { tokens }) => sum + tokens, 0)
    const characters = sources.reduce((sum, each) => sum + each.characters, 0)
    const { contextWindow } = knownModel(countedFor)!
    const onePassage = Math.round((passage.characters * total) / characters)
    // #region budget
    const asked = {
      withEverything: total + reserve.question,
      withPassages: passage.count * onePassage + reserve.question,
      passagesThatFit: Math.floor((contextWindow - reserve.answer - reserve.question) / onePassage),
    }
    // #endregion
    return {
      model: countedFor,
      exact: countTokens("tokens", countedFor).exact,
      sources,
      total,
      contextWindow,
      asked,
      dollars: {
        withEverything: dollars(asked.withEverything),
        withPassages: dollars(asked.withPassages),
      },
      price: priced(),
      metrics: Object.fromEntries([
        ...sources
          .filter(({ published }) => published)
          .map(({ source, estimated }) => [`tokens/${source}/estimated/all`, estimated]),
      ]),
    }
  },
})

const count = (source: string, documents: readonly Document[]): SourceTokens => {
  const sums = { prose: { characters: 0, tokens: 0 }, code: { characters: 0, tokens: 0 } }
  for (const { text } of documents)
    for (const { kind, part } of partsOf(text)) {
      sums[kind].characters += part.length
      sums[kind].tokens += countTokens(part, countedFor).tokens
    }
  const per = ({ characters, tokens }: { characters: number; tokens: number }) =>
    tokens === 0 ? 0 : characters / tokens
  return {
    source,
    published: documents.every(isPublished),
    characters: sums.prose.characters + sums.code.characters,
    tokens: sums.prose.tokens + sums.code.tokens,
    estimated: documents.reduce((sum, { text }) => sum + estimateTokens(text), 0),
    charactersPerToken: { prose: per(sums.prose), code: per(sums.code) },
  }
}

/** The text in its order, code blocks apart from what is between them. */
const partsOf = (text: string): { kind: "prose" | "code"; part: string }[] => {
  const parts: { kind: "prose" | "code"; part: string }[] = []
  let at = 0
  for (const { start, end } of codeBlocks(text)) {
    parts.push({ kind: "prose", part: text.slice(at, start) }, { kind: "code", part: text.slice(start, end) })
    at = end
  }
  parts.push({ kind: "prose", part: text.slice(at) })
  return parts.filter(({ part }) => part !== "")
}

const dollars = (promptTokens: number): number | null =>
  cost({ promptTokens, completionTokens: reserve.answer }, countedFor)?.usd ?? null

const priced = (): { asOf: string; source: string } | null => {
  const known = cost({ promptTokens: 0, completionTokens: 0 }, countedFor)
  return known ? { asOf: known.asOf, source: known.source } : null
}
