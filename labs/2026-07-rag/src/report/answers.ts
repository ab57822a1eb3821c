import type { AnswerReport } from "@roadmap/evals/answers/report"
import { answerTable, retrievalBlocks } from "@roadmap/evals/tables"
import type { StepResultOf } from "@roadmap/labkit/lab"
import { formatCount, formatNumber } from "@roadmap/report/format"
import type { Section } from "@roadmap/report/page"
import { histogram } from "@roadmap/report/plots/histogram"
import type { ablateRetrieval } from "../ablate.ts"
import type { evaluateAssistant } from "../answer.ts"
import type { deployAssistant } from "../deploy.ts"

export const ablationSection = ({ report, mode }: StepResultOf<typeof ablateRetrieval>): Section => ({
  id: "ablation",
  title: "What each part is worth",
  text: `${formatCount(report.questions)} answerable questions of the test half, on which nothing was tuned. Ways with *no headings* search the same passages without the title and headings before their text.${
    mode === "hybrid" ? "" : " Without an embedding model there is no search by meaning in this table."
  }`,
  blocks: retrievalBlocks(report),
})

export const answerSection = ({
  report,
  answeredBy,
  confidences,
}: StepResultOf<typeof evaluateAssistant>): Section => ({
  id: "answers",
  title: "Answered, or declined",
  text: `Answered by the ${answeredBy} answerer: the documents' own sentences, each with its place.`,
  blocks: [
    {
      kind: "table",
      caption: "Answers against their labels; brackets are 95 % intervals",
      table: answerTable(report),
    },
    confidencePlot(confidences),
    ...wrongAnswers(report),
  ],
})

const edges = Array.from({ length: 21 }, (_, i) => i / 20)

const confidencePlot = (confidences: StepResultOf<typeof evaluateAssistant>["confidences"]) =>
  histogram({
    title: "How sure the assistant is",
    x: { label: "confidence that the passages answer the question" },
    edges,
    measure: "share",
    series: [true, false].map(answerable => ({
      label: answerable ? "the documents have an answer" : "they have none",
      counts: countsOf(
        confidences.filter(each => each.answerable === answerable).map(({ confidence }) => confidence),
      ),
    })),
  })

/** The last bin holds 1 too. */
const countsOf = (values: readonly number[]): number[] => {
  const counts = new Array<number>(edges.length - 1).fill(0)
  for (const value of values) counts[Math.min(counts.length - 1, Math.floor(value * counts.length))]++
  return counts
}

const wrongAnswers = ({ wrong }: Pick<AnswerReport, "wrong">) => {
  const lists = [
    ["Answered, and the documents do not answer it", wrong.answeredUnanswerable],
    ["Declined, and they do", wrong.declinedAnswerable],
    ["Answered from another section than those marked", wrong.unsupported],
  ] as const
  const items = lists.flatMap(([what, ids]) =>
    ids.length === 0 ? [] : [`${what}: ${ids.map(id => `\`${id}\``).join(", ")}`],
  )
  return items.length === 0 ? [] : [{ kind: "list" as const, items }]
}

export const serviceSection = ({
  asked,
  together,
  checks,
  refused,
  alone,
  crowd,
}: StepResultOf<typeof deployAssistant>): Section => {
  const different = checks.textDiffers + checks.wholeDiffers + checks.togetherDiffers
  return {
    id: "service",
    title: "Behind an address",
    text: `${formatCount(asked)} questions over HTTP: streamed, whole, and ${together} at a time, in one process with whoever asks.`,
    blocks: [
      {
        kind: "callout",
        tone: different === 0 ? "good" : "bad",
        title: `${formatCount(different)} of ${formatCount(asked * 3)} answers over HTTP differ from the assistant's own`,
      },
      {
        kind: "table",
        caption: "Milliseconds",
        table: {
          columns: [
            { label: "Questions" },
            ...["First event, p50", "Answer, p50", "Answer, p95"].map(label => ({
              label,
              format: (value: number) => formatNumber(value, { significant: 3 }),
            })),
          ],
          rows: [
            ["one at a time", alone.firstEvent.p50, alone.whole.p50, alone.whole.p95],
            [`${together} at a time`, crowd.firstEvent.p50, crowd.whole.p50, crowd.whole.p95],
          ],
        },
      },
      {
        kind: "table",
        caption: "What is refused",
        table: {
          columns: [{ label: "Request" }, { label: "Status" }, { label: "Code" }],
          rows: refused.map(({ what, status, code }) => [what, String(status), code]),
        },
      },
    ],
  }
}
