import type { Interval } from "@roadmap/ml/metrics/bootstrap"
import { formatInterval, formatNumber } from "@roadmap/report/format"
import type { Block } from "@roadmap/report/page"
import { intervalPlot } from "@roadmap/report/plots/interval-plot"
import type { DataTable } from "@roadmap/report/table"
import type { AnswerReport } from "./answers/report.ts"
import type { Rate } from "./intervals.ts"
import { type RetrievalReport, retrievalMetrics } from "./retrieval/report.ts"

/** The systems under each other, each metric with its 95 % interval. */
export const retrievalTable = (report: RetrievalReport): DataTable => ({
  columns: [
    { label: "retrieval" },
    ...retrievalMetrics.map(label => ({ label, align: "right" as const })),
    { label: "p50, ms", format: (value: number) => formatNumber(value, { significant: 2 }) },
  ],
  rows: report.systems.map(({ name, metrics, latency }) => [
    name,
    ...retrievalMetrics.map(metric => intervalText(metrics[metric])),
    latency.p50Milliseconds,
  ]),
})

/** How far each system is behind the reference on the same questions. */
export const differenceTable = (report: RetrievalReport): DataTable => ({
  columns: [
    { label: `${report.reference} minus` },
    { label: "hit@5", align: "right" },
    { label: "mrr@10", align: "right" },
    { label: "ndcg@10", align: "right" },
  ],
  rows: report.systems.flatMap(({ name, behind }) =>
    behind === undefined
      ? []
      : [
          [
            name,
            intervalText(behind["hit@5"]),
            intervalText(behind["mrr@10"]),
            intervalText(behind["ndcg@10"]),
          ],
        ],
  ),
})

/** What the answers were worth, one line a question that a person would ask about them. */
export const answerTable = (report: AnswerReport): DataTable => ({
  columns: [{ label: "answers" }, { label: "share", align: "right" }, { label: "of", align: "right" }],
  rows: answerLines(report).map(([label, rate]) => [label, rateText(rate), rate.total]),
})

/** Retrieval for a report page: a plot of the chosen metric and the table. */
export const retrievalBlocks = (report: RetrievalReport): Block[] => [
  intervalPlot({
    title: "MRR@10 by way of retrieval",
    valueLabel: "MRR@10",
    better: "higher",
    rows: report.systems.map(({ name, metrics }) => ({
      label: name,
      point: metrics["mrr@10"].estimate,
      low: metrics["mrr@10"].low,
      high: metrics["mrr@10"].high,
      ...(name === report.reference && { chosen: true }),
    })),
  }),
  {
    kind: "table",
    caption: "Means over the questions; brackets are 95 % intervals",
    table: retrievalTable(report),
  },
  ...(report.systems.length > 1
    ? [
        {
          kind: "table" as const,
          caption: `What ${report.reference} gains on the same questions`,
          table: differenceTable(report),
        },
      ]
    : []),
]

/** Answers for a report page. */
export const answerBlocks = (report: AnswerReport): Block[] => [
  {
    kind: "table",
    caption: "Answers against their labels; brackets are 95 % intervals",
    table: answerTable(report),
  },
]

const answerLines = (report: AnswerReport): [string, Rate][] => [
  ["citations whose words stand at their place", report.citationsExist],
  ["claims whose words stand in what they cite", report.claimsSupported],
  ["citations in a section that holds the answer", report.citationsInGoldSection],
  ["answers with a citation in such a section", report.supported],
  ["answers that cite the very words marked as gold", report.citesGold],
  ["answers with all expected words", report.hasExpected],
  ["answers to several needs that cite each of them", report.complete],
  ["unanswerable questions declined", report.declined],
  ["  about other things", report.declinedFar],
  ["  about these very things", report.declinedNear],
  ["answerable questions declined", report.falselyDeclined],
]

const intervalText = ({ estimate, low, high }: Interval): string => formatInterval(estimate, low, high, 3)

const rateText = ({ estimate, low, high, total }: Rate): string =>
  total === 0 ? "–" : formatInterval(estimate, low, high, 3)
