import { readFile } from "node:fs/promises"
import { RoadmapError } from "@roadmap/core/errors"
import { answerTable, differenceTable, retrievalTable } from "@roadmap/evals/tables"
import type { ProjectEvaluation } from "@roadmap/lab-2026-07-rag/evaluate-project"
import { formatCount } from "@roadmap/report/format"
import { textTable } from "@roadmap/report/table"
import type { CommandContext } from "../context.ts"
import { createLiveLine } from "../live-line.ts"

interface EvalRagFlags {
  questions?: string
  split: string
  corpus: string
  modes?: string
  lexical?: boolean
  answerer: string
  show?: string
}

/**
 * `eval rag`: how well the assistant retrieves and answers, against labelled questions. Low figures are a result, not a
 * failure: exit code 0.
 */
export const evalRag = async (context: CommandContext, flags: EvalRagFlags): Promise<undefined> => {
  const split = splitOf(flags)
  if (flags.questions !== undefined) await readable(flags.questions)
  const { evaluateProject } = await import("@roadmap/lab-2026-07-rag/evaluate-project")
  const { parseSystems } = await import("@roadmap/lab-2026-07-rag/evaluation/systems")
  const systems = flags.modes === undefined ? undefined : parseSystems(flags.modes)
  const line = createLiveLine(context)
  let evaluation: ProjectEvaluation
  try {
    evaluation = await evaluateProject(context.config, {
      split,
      answerer: flags.answerer === "chat-model" ? "chat-model" : "extractive",
      neural: flags.lexical ? "never" : "if-installed",
      ...(systems && { systems }),
      ...(flags.questions !== undefined && { questions: flags.questions }),
      signal: context.signal,
      say: text => line.show(text),
      onProgress: ({ what, done, total }) =>
        line.show(`${what} ${formatCount(done)}${total > 0 ? ` of ${formatCount(total)}` : ""}`),
    })
  } finally {
    line.end()
  }
  const { questions, answers, ...rest } = evaluation
  context.print(
    {
      ...rest,
      questions: questions.length,
      answers: answers.report,
      judged: answers.judged,
    },
    () => describe(context, evaluation, flags.show === "failures"),
  )
}

/** --corpus second has one set of questions; --split chooses among those of the project. */
const splitOf = ({ corpus, split, questions }: EvalRagFlags): "tune" | "test" | "second" => {
  if (corpus === "second" && questions !== undefined)
    throw new RoadmapError(
      "USAGE",
      "--questions are asked of the project's documents, not of the second corpus.",
      {
        hint: "Leave out --corpus second.",
      },
    )
  return corpus === "second" ? "second" : split === "tune" ? "tune" : "test"
}

const readable = async (file: string): Promise<void> => {
  await readFile(file).catch(cause => {
    throw new RoadmapError("FILE_MISSING", `There is no question set ${file}.`, {
      hint: "labs/2026-07-rag/evaluation/questions.jsonl shows what one looks like.",
      cause,
    })
  })
}

const describe = (
  { colors, columns }: CommandContext,
  { corpus, retrieval, answers, notes, questions }: ProjectEvaluation,
  failures: boolean,
): string => {
  const width = Math.max(columns, 60)
  const lines = [
    `${formatCount(corpus.documents)} documents, ${formatCount(corpus.chunks)} passages, embedder ${corpus.embedder}; ${formatCount(questions.length)} questions`,
    "",
    textTable(retrievalTable(retrieval), { width: Math.max(width, 150) }),
    "",
    ...(retrieval.systems.length > 1
      ? [textTable(differenceTable(retrieval), { width: Math.max(width, 100) }), ""]
      : []),
    textTable(answerTable(answers.report), { width }),
    "",
    colors.dim("Brackets are 95 % intervals over the questions; times are this machine's, now."),
    ...notes.map(note => colors.dim(note)),
  ]
  return [...lines, ...(failures ? ["", ...failureLines({ retrieval, answers, questions })] : [])].join("\n")
}

/** What went wrong, question by question. */
const failureLines = ({
  retrieval,
  answers,
  questions,
}: Pick<ProjectEvaluation, "retrieval" | "answers" | "questions">): string[] => {
  const textOf = new Map(questions.map(({ id, question }) => [id, question]))
  const list = (title: string, ids: readonly string[]) => [
    `${title}: ${ids.length}`,
    ...ids.map(id => `  ${id}: ${textOf.get(id)}`),
  ]
  const reference = retrieval.systems.find(({ name }) => name === retrieval.reference)
  const { answeredUnanswerable, declinedAnswerable, unsupported } = answers.report.wrong
  return [
    ...list(`No gold passage among the first five (${retrieval.reference})`, reference?.missed ?? []),
    ...list("Answered, though the documents have no answer", answeredUnanswerable),
    ...list("Declined, though they have one", declinedAnswerable),
    ...list("Answered without a citation from a section that holds the answer", unsupported),
  ]
}
