import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { createInterface } from "node:readline/promises"
import { isRoadmapError, RoadmapError } from "@roadmap/core/errors"
import { writeFileAtomic } from "@roadmap/core/files"
import { nearest } from "@roadmap/core/names"
import type { ProjectAssistant } from "@roadmap/lab-2026-07-rag/assistant"
import type { Answer, Citation } from "@roadmap/rag/answer"
import type { Turn } from "@roadmap/rag/answers/question"
import type { Filter } from "@roadmap/rag/filter"
import type { Retrieved } from "@roadmap/rag/retriever"
import { formatCount, formatSeconds } from "@roadmap/report/format"
import { textTable } from "@roadmap/report/table"
import { createAnswerText } from "../answer-text.ts"
import { type CommandContext, describeError } from "../context.ts"
import { indent, wrap } from "../learning/text.ts"
import { openProject, type ProjectFlags } from "../project-assistant.ts"

interface AskFlags extends ProjectFlags {
  why?: boolean
  source?: string[]
  passages: number
  followUp?: boolean
}

/** Turns that are kept for --follow-up. */
const keptTurns = 6

/**
 * `ask "question"` answers from the project's documents, or says that it does not know: both are answers, exit code 0.
 * Without a question it asks for one, and for the next, on a terminal.
 */
export const ask = async (
  context: CommandContext,
  question: string | undefined,
  flags: AskFlags,
): Promise<undefined> => {
  const talks = question === undefined
  if (talks && (context.json || !process.stdin.isTTY || !process.stdout.isTTY))
    throw new RoadmapError("USAGE", "There is no question.", {
      hint: 'For example: roadmap ask "How do I make fastify trust a proxy?"',
    })
  await using project = await openProject(context, flags)
  const filter = await filterOf(project, flags.source)
  const history = flags.followUp ? await readTurns(context) : []
  if (!talks) {
    await answerOne(context, { project, question, flags, filter, history })
    return
  }
  const { dim } = context.colors
  const { documents, chunks } = await project.index.stats()
  process.stdout.write(
    dim(
      `${formatCount(documents)} documents, ${formatCount(chunks)} passages. An empty line or Ctrl-D ends.\n`,
    ),
  )
  for (let next = await nextQuestion(context); next !== ""; next = await nextQuestion(context)) {
    await answerOne(context, { project, question: next, flags, filter, history }).catch(goOnAfter)
    process.stdout.write("\n")
  }
}

/** A question that cannot be asked ends no conversation. */
const goOnAfter = (error: unknown): void => {
  if (!isRoadmapError(error, "INVALID_INPUT") && !isRoadmapError(error, "LIMIT_EXCEEDED")) throw error
  process.stderr.write(`${describeError(error)}\n`)
}

const filterOf = async (
  project: ProjectAssistant,
  sources: string[] | undefined,
): Promise<Filter | undefined> => {
  if (!sources) return undefined
  const known = Object.keys((await project.index.stats()).bySource)
  const stranger = sources.find(name => !known.includes(name))
  if (stranger !== undefined) {
    const guess = nearest(stranger, known)
    throw new RoadmapError("UNKNOWN_NAME", `There are no documents of "${stranger}".`, {
      hint: guess ? `Did you mean ${guess}?` : `The sources are: ${known.join(", ")}.`,
    })
  }
  return { source: { in: sources } }
}

interface Question {
  project: ProjectAssistant
  question: string
  flags: AskFlags
  filter?: Filter
  /** Grows by this turn. */
  history: Turn[]
}

const answerOne = async (context: CommandContext, asked: Question): Promise<void> => {
  const { project, question, flags, filter, history } = asked
  const width = Math.min(context.columns, 100)
  const text = createAnswerText(context, width, piece => process.stdout.write(piece))
  let answer: Answer | undefined
  const events = project.assistant.ask(question, {
    history,
    filter,
    passages: flags.passages,
    signal: context.signal,
  })
  for await (const event of events) {
    if (event.type === "text" && !context.json) text.push(event.text)
    if (event.type === "done") answer = event.answer
  }
  if (!answer) throw new RoadmapError("INTERNAL", "The answer ended without its last event.")
  if (!context.json) text.end()
  history.push({ question, answer: answer.text })
  history.splice(0, history.length - keptTurns)
  await writeTurns(context, history)
  const places = await placesOf(project, answer)
  if (context.json) context.print(toJson(question, project, answer, places), () => "")
  else process.stdout.write(footer(context, { project, answer, places, why: flags.why === true, width }))
}

/** Line of a citation or passage in its document, from 1. */
type Places = (each: { documentId: string; start: number }) => number

const placesOf = async ({ index }: ProjectAssistant, { citations, passages }: Answer): Promise<Places> => {
  const ids = new Set(
    [...citations, ...passages.map(({ chunk }) => chunk)].map(({ documentId }) => documentId),
  )
  const texts = new Map<string, string>()
  for (const id of ids) texts.set(id, (await index.document(id))?.text ?? "")
  return ({ documentId, start }) => texts.get(documentId)!.slice(0, start).split("\n").length
}

const toJson = (question: string, project: ProjectAssistant, answer: Answer, lineOf: Places) => {
  const { text, citations, passages, notes, ...rest } = answer
  return {
    question,
    ...rest,
    answer: text,
    citations: citations.map(citation => ({ ...citation, line: lineOf(citation) })),
    passages: passages.map(({ chunk, score, scores }) => ({
      chunkId: chunk.id,
      documentId: chunk.documentId,
      uri: chunk.uri,
      headings: chunk.headings,
      line: lineOf(chunk),
      score,
      scores,
      text: chunk.text,
    })),
    notes: [...project.notes, ...notes],
    retriever: project.retriever.name,
    ...(project.receipt && { indexed: project.receipt }),
  }
}

interface Footer {
  project: ProjectAssistant
  answer: Answer
  places: Places
  why: boolean
  width: number
}

const footer = (context: CommandContext, { project, answer, places, why, width }: Footer): string => {
  const { bold, dim } = context.colors
  const blocks = [
    answer.citations.length === 0
      ? ""
      : [
          bold("Sources"),
          ...bySection(answer.citations).map(section => sourceLines(context, section, places, width)),
        ].join("\n"),
    why ? whyLines(context, { project, answer, places, width }) : "",
    [...answer.notes, ...(why || isFirst(project) ? project.notes : [])]
      .map(note => dim(wrap(note, width)))
      .join("\n"),
  ]
  return blocks
    .filter(block => block !== "")
    .map(block => `\n${block}\n`)
    .join("")
}

/** What is missing is said when the index is made; after that on request. */
const isFirst = ({ receipt }: ProjectAssistant): boolean =>
  receipt !== undefined && receipt.added > 0 && receipt.unchanged === 0

/** Citations of one section together: their markers, the document with the lines, the section, the address. */
const sourceLines = (
  { colors }: CommandContext,
  citations: readonly Citation[],
  lineOf: Places,
  width: number,
): string => {
  const [{ documentId, uri, title, headings }] = citations
  const lines = [...new Set(citations.map(lineOf))].sort((a, b) => a - b)
  const markers = citations.map(({ marker }) => `[${marker}]`).join(" ")
  const path = headings.filter((heading, i) => i > 0 || heading !== title)
  const under = [
    ...(path.length > 0 ? [path.join(" › ")] : []),
    ...(/^https?:/.test(uri) ? [`${uri}#L${lines[0]}`] : []),
  ]
  return [
    `${colors.cyan(markers)} ${documentId}:${lines.join(", ")}`,
    ...under.map(text => colors.dim(indent(wrap(text, width - 4), 4))),
  ].join("\n")
}

const bySection = (citations: readonly Citation[]): Citation[][] => [
  ...Map.groupBy(citations, ({ documentId, headings }) => [documentId, ...headings].join("\0")).values(),
]

const whyLines = (
  context: CommandContext,
  { project, answer, places, width }: Omit<Footer, "why">,
): string => {
  const { bold } = context.colors
  const ways: [string, (passage: Retrieved) => number | undefined][] = [
    ["bm25", ({ scores }) => scores.bm25],
    ["rank", ({ scores }) => scores.bm25Rank],
    ["cosine", ({ scores }) => scores.dense],
    ["rank", ({ scores }) => scores.denseRank],
    ["fused", ({ scores }) => scores.fused],
    ["rerank", ({ scores }) => scores.rerank],
  ]
  const used = ways.filter(([, scoreOf]) => answer.passages.some(passage => scoreOf(passage) !== undefined))
  const table = textTable(
    {
      columns: [{ label: "passage" }, ...used.map(([label]) => ({ label, align: "right" as const }))],
      rows: answer.passages.map(passage => [
        `${passage.chunk.documentId}:${places(passage.chunk)} ${passage.chunk.headings.at(-1) ?? ""}`,
        ...used.map(([, scoreOf]) => scoreOf(passage) ?? null),
      ]),
    },
    { width },
  )
  const stages = Object.entries(answer.timings).map(([stage, ms]) => `${stage} ${ms.toFixed(1)} ms`)
  return [
    bold("Why"),
    wrap(`Searched for: ${answer.searchedFor.join(" | ")}`, width),
    wrap(`By: ${project.retriever.name}; answered by: ${answer.answeredBy}`, width),
    `The passages answer the question with probability ${answer.confidence.toFixed(2)}.`,
    ...(answer.passages.length > 0 ? ["", table] : []),
    "",
    wrap(stages.join(", "), width),
    ...(project.receipt
      ? [
          wrap(
            `Index: ${formatCount(project.receipt.chunks)} passages, looked through in ${formatSeconds(project.receipt.seconds)}.`,
            width,
          ),
        ]
      : []),
  ].join("\n")
}

const turnsFile = ({ config }: CommandContext) => join(config.home, "state", "rag", "last-questions.json")

const readTurns = async (context: CommandContext): Promise<Turn[]> => {
  const text = await readFile(turnsFile(context), "utf8").catch(() => "[]")
  try {
    const turns: Turn[] = JSON.parse(text)
    return turns.filter(turn => typeof turn.question === "string" && typeof turn.answer === "string")
  } catch (cause) {
    throw new RoadmapError("STATE_CORRUPT", `${turnsFile(context)} is no list of questions.`, {
      hint: "Delete it, or ask without --follow-up, which writes it anew.",
      cause,
    })
  }
}

const writeTurns = (context: CommandContext, turns: readonly Turn[]): Promise<void> =>
  writeFileAtomic(turnsFile(context), JSON.stringify(turns))

/** One line of the terminal; empty at its end, at Ctrl-D and Ctrl-C. */
const nextQuestion = async ({ signal, colors }: CommandContext): Promise<string> => {
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.on("close", () => resolve(""))
      lines.on("SIGINT", () => resolve(""))
      lines.question(colors.bold("? "), { signal }).then(line => resolve(line.trim()), reject)
    })
  } finally {
    lines.close()
  }
}
