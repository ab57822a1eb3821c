import type { RetrievalReport } from "@roadmap/evals/retrieval/report"
import type { StepContext } from "@roadmap/labkit/lab"
import type { Interval } from "@roadmap/ml/metrics/bootstrap"
import { formatCount, formatInterval, formatNumber, formatPercent } from "@roadmap/report/format"
import { markdownTable } from "@roadmap/report/table"
import { ablateRetrieval } from "./ablate.ts"
import { evaluateAssistant } from "./answer.ts"
import { compareChunkers } from "./chunk.ts"
import { deployAssistant } from "./deploy.ts"
import { indexDocuments } from "./index-documents.ts"
import { prepareEmbedder } from "./neural.ts"
import { readDocuments } from "./read.ts"
import { countCorpus } from "./tokens.ts"

type Results = Pick<StepContext, "result">

/** learnings.md: what the run showed. Every number comes from the results of the steps. */
export const renderLearnings = (results: Results): string =>
  [
    "# What July's run showed",
    "",
    "<!-- Written by `pnpm pages` from the results of `roadmap run jul` on all rows. Do not edit. -->",
    "",
    ...corpus(results),
    ...chunks(results),
    ...index(results),
    ...retrieval(results),
    ...answers(results),
    ...service(results),
  ].join("\n")

const corpus = ({ result }: Results): string[] => {
  const { sizes, cards, evaluations } = result(readDocuments)
  const { total, contextWindow, model, exact, asked, sources } = result(countCorpus)
  const documents = sizes.reduce((sum, each) => sum + each.documents, 0)
  const prose = sources.map(({ charactersPerToken }) => charactersPerToken.prose).filter(each => each > 0)
  const code = sources.map(({ charactersPerToken }) => charactersPerToken.code).filter(each => each > 0)
  const range = (values: number[]) =>
    `${formatNumber(Math.min(...values), { significant: 2 })} to ${formatNumber(Math.max(...values), { significant: 2 })}`
  return [
    `**What there is to ask.** ${formatCount(documents)} documents (${sizes.map(each => `${each.source} ${each.documents}`).join(", ")}), among them ${cards.length} model cards and ${evaluations.length} evaluations of the months before.`,
    "",
    `**Why not send all of it?** ${formatCount(total)} tokens of ${model} (${exact ? "counted" : "estimated"}), ${formatNumber(total / contextWindow, { significant: 2 })} times its window. A question with six passages is ${formatCount(asked.withPassages)} tokens: ${formatCount(asked.withEverything / asked.withPassages)} times less. A token is ${range(prose)} characters of prose and ${range(code)} of code.`,
    "",
  ]
}

const chunks = ({ result }: Results): string[] => {
  const { figures, size } = result(compareChunkers)
  return [
    `**What is torn.** Passages of at most ${formatCount(size)} characters:`,
    "",
    markdownTable({
      columns: [
        { label: "cut by" },
        { label: "passages", align: "right" },
        { label: "mean characters", align: "right" },
        { label: "code blocks torn", align: "right" },
        { label: "tables torn", align: "right" },
      ],
      rows: figures.map(each => [
        each.chunker,
        formatCount(each.chunks),
        formatCount(each.meanCharacters),
        formatPercent(each.codeBlocksCut / each.codeBlocks),
        formatPercent(each.tablesCut / each.tables),
      ]),
    }),
    "",
  ]
}

const index = ({ result }: Results): string[] => {
  const { passages, vectors, again, mode } = result(indexDocuments)
  const { why } = result(prepareEmbedder)
  return [
    `**The index.** ${formatCount(passages)} passages, ${formatCount(vectors)} vectors. Indexing again changed ${formatCount(again.added + again.changed + again.deleted)} of ${formatCount(again.unchanged)} documents and embedded ${formatCount(again.embedded)} texts.${mode === "lexical" ? ` Search was by words alone: ${why}.` : ""}`,
    "",
  ]
}

const retrieval = ({ result }: Results): string[] => {
  const { report } = result(ablateRetrieval)
  const shown = ({ estimate, low, high }: Interval) => formatInterval(estimate, low, high, 3)
  return [
    `**What each part is worth.** ${formatCount(report.questions)} questions of the test half; brackets are 95 % intervals. The last column is what ${report.reference} gains on the same questions.`,
    "",
    markdownTable({
      columns: [
        { label: "retrieval" },
        { label: "hit@5", align: "right" },
        { label: "MRR@10", align: "right" },
        { label: "nDCG@10", align: "right" },
        { label: "MRR@10 gained", align: "right" },
      ],
      rows: report.systems.map(({ name, metrics, behind }) => [
        name,
        shown(metrics["hit@5"]),
        shown(metrics["mrr@10"]),
        shown(metrics["ndcg@10"]),
        behind ? shown(behind["mrr@10"]) : "",
      ]),
    }),
    "",
    ...worth(report),
  ]
}

/** The parts of the assistant's own way, by what it loses without each. */
const worth = ({ systems, reference }: RetrievalReport): string[] => {
  const parts = [
    ["title and headings before the text", `${reference}, no headings`],
    ["the second look", reference === "hybrid+rerank" ? "hybrid by scores" : "lexical"],
    ["meaning beside words", reference === "hybrid+rerank" ? "lexical+rerank" : undefined],
  ] as const
  const gains = parts.flatMap(([what, without]) => {
    const gain = systems.find(({ name }) => name === without)?.behind?.["mrr@10"]
    return gain ? [`${what} ${formatInterval(gain.estimate, gain.low, gain.high, 3)}`] : []
  })
  return [`Of MRR@10, on the same questions, are owed to ${gains.join("; to ")}.`, ""]
}

const answers = ({ result }: Results): string[] => {
  const { report, answeredBy } = result(evaluateAssistant)
  const { citationsExist, supported, declined, declinedNear, falselyDeclined } = report
  return [
    `**Answered or declined.** ${formatCount(report.questions)} questions to the ${answeredBy} answerer. ${formatCount(citationsExist.successes)} of ${formatCount(citationsExist.total)} citations exist, ` +
      `letter by letter; ${formatCount(supported.successes)} of ${formatCount(supported.total)} answers cite a section that holds the answer. ` +
      `Of ${formatCount(declined.total)} questions without an answer ${formatCount(declined.successes)} were declined (of those about these very packages ${formatCount(declinedNear.successes)} of ${formatCount(declinedNear.total)}), ` +
      `of ${formatCount(falselyDeclined.total)} with one ${formatCount(falselyDeclined.successes)}.`,
    "",
  ]
}

const service = ({ result }: Results): string[] => {
  const { asked, together, checks, alone, crowd } = result(deployAssistant)
  const different = checks.textDiffers + checks.wholeDiffers + checks.togetherDiffers
  const ms = (value: number) => formatNumber(value, { significant: 3 })
  return [
    `**Behind an address.** ${formatCount(asked)} questions, each streamed, whole, and among ${together} at a time: ${formatCount(different)} answers differ from the assistant's own. ` +
      `One at a time the first event came after ${ms(alone.firstEvent.p50)} ms and the answer after ${ms(alone.whole.p50)} ms (p95 ${ms(alone.whole.p95)}); with ${together} at a time the answer took ${ms(crowd.whole.p50)} ms (p95 ${ms(crowd.whole.p95)}). ` +
      "Server and callers shared one process.",
    "",
  ]
}
