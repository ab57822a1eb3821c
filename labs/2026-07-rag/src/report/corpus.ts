import type { StepResultOf } from "@roadmap/labkit/lab"
import { formatCount, formatNumber, formatPercent } from "@roadmap/report/format"
import type { Section } from "@roadmap/report/page"
import { barChart } from "@roadmap/report/plots/bar-chart"
import type { ChunkerFigures, compareChunkers } from "../chunk.ts"
import type { indexDocuments } from "../index-documents.ts"
import type { prepareEmbedder } from "../neural.ts"
import type { readDocuments } from "../read.ts"
import type { countCorpus } from "../tokens.ts"

export const corpusSection = (
  { sizes, skipped, cards, evaluations }: StepResultOf<typeof readDocuments>,
  tokens: StepResultOf<typeof countCorpus>,
): Section => ({
  id: "corpus",
  title: "What there is to ask",
  text: `The documentation of the packages that this project runs on, its own pages, and what the months before made: ${cards.length} model cards, ${evaluations.length} evaluations and a page about April's scores.`,
  blocks: [
    {
      kind: "table",
      caption: "Documents by source",
      table: {
        columns: [
          { label: "Source" },
          { label: "Documents", format: formatCount },
          { label: "Characters", format: formatCount },
          { label: "Tokens", format: formatCount },
          {
            label: "Characters a token, prose",
            format: (value: number) => formatNumber(value, { significant: 3 }),
          },
          { label: "in code", format: (value: number) => formatNumber(value, { significant: 3 }) },
        ],
        rows: sizes.map(({ source, documents, characters }) => {
          const counted = tokens.sources.find(each => each.source === source)
          return [
            source,
            documents,
            characters,
            counted?.tokens ?? 0,
            counted?.charactersPerToken.prose ?? Number.NaN,
            counted?.charactersPerToken.code || Number.NaN,
          ]
        }),
      },
      note: `Tokens of ${tokens.model}, ${tokens.exact ? "counted with its own encoding" : "estimated: the part with its encoding is not installed"}.`,
    },
    {
      kind: "callout",
      tone: "info",
      title: `${formatCount(tokens.total)} tokens are ${formatNumber(tokens.total / tokens.contextWindow, { significant: 2 })} times the window of ${tokens.model}`,
      text: budgetText(tokens),
    },
    ...(skipped.length === 0
      ? []
      : [{ kind: "list" as const, items: skipped.map(({ name, reason }) => `\`${name}\`: ${reason}`) }]),
  ],
})

const budgetText = ({ asked, dollars, price }: StepResultOf<typeof countCorpus>): string => {
  const cost =
    dollars.withEverything === null || dollars.withPassages === null || price === null
      ? ""
      : ` At the list price of ${price.asOf} a question with everything would cost ${formatNumber(dollars.withEverything, { significant: 2 })} dollars, one with six passages ${formatNumber(dollars.withPassages, { significant: 2 })}.`
  return `A question with all documents would be ${formatCount(asked.withEverything)} tokens, one with six passages ${formatCount(asked.withPassages)}.${cost}`
}

export const chunkSection = ({ figures, size }: StepResultOf<typeof compareChunkers>): Section => ({
  id: "chunks",
  title: "What is torn",
  text: `The documentation of fastify, undici and pino, cut in four ways into passages of at most ${formatCount(size)} characters. A code block or table is torn when no passage holds all of it; those longer than a passage are torn by everyone.`,
  blocks: [
    barChart({
      title: "Code blocks torn",
      valueLabel: "share of the code blocks",
      bars: figures.map(({ chunker, codeBlocks, codeBlocksCut }) => ({
        label: chunker,
        value: codeBlocksCut / codeBlocks,
      })),
      format: value => formatPercent(value),
    }),
    {
      kind: "table",
      caption: "Ways of cutting",
      table: {
        columns: [
          { label: "Way" },
          { label: "Passages", format: formatCount },
          { label: "Mean characters", format: formatCount },
          { label: "95 % are below", format: formatCount },
          { label: "Code blocks torn", align: "right" },
          { label: "Tables torn", align: "right" },
          { label: "Know their headings", align: "right" },
        ],
        rows: figures.map(figureRow),
      },
      highlight: [figures.findIndex(({ chunker }) => chunker === "markdown")],
    },
  ],
})

const figureRow = (each: ChunkerFigures) => [
  each.chunker,
  each.chunks,
  each.meanCharacters,
  each.p95Characters,
  `${formatCount(each.codeBlocksCut)} of ${formatCount(each.codeBlocks)}`,
  `${formatCount(each.tablesCut)} of ${formatCount(each.tables)}`,
  formatPercent(each.withHeadings / each.chunks),
]

export const indexSection = (
  index: StepResultOf<typeof indexDocuments>,
  neural: StepResultOf<typeof prepareEmbedder>,
): Section => ({
  id: "index",
  title: "The index, twice",
  text: `Chunker \`${index.binding.chunker}\`, embedder \`${index.binding.embedder}\`. What was indexed with one embedder is refused to another.`,
  blocks: [
    ...(index.mode === "hybrid"
      ? []
      : [
          {
            kind: "callout" as const,
            tone: "warning" as const,
            title: "By words alone",
            text: neural.why,
          },
        ]),
    {
      kind: "table",
      caption: "What each call did",
      table: {
        columns: [
          { label: "Call" },
          { label: "Added", format: formatCount },
          { label: "Changed", format: formatCount },
          { label: "Deleted", format: formatCount },
          { label: "Unchanged", format: formatCount },
          { label: "Texts embedded", format: formatCount },
          { label: "Seconds", format: (value: number) => formatNumber(value, { significant: 3 }) },
        ],
        rows: (
          [
            ["first", index.first],
            ["again", index.again],
          ] as const
        ).map(([call, receipt]) => [
          call,
          receipt.added,
          receipt.changed,
          receipt.deleted,
          receipt.unchanged,
          receipt.embedded,
          receipt.seconds,
        ]),
      },
      note: `${formatCount(index.passages)} passages, ${formatCount(index.vectors)} vectors.`,
    },
  ],
})
