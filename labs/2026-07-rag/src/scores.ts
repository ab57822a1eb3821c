import { existsSync } from "node:fs"
import { writeFileAtomic } from "@roadmap/core/files"
import { defineStep } from "@roadmap/labkit/lab"
import { formatCount, formatPercent } from "@roadmap/report/format"
import { markdownTable } from "@roadmap/report/table"
import { openWarehouse } from "@roadmap/warehouse/open"
import { rowsOf } from "@roadmap/warehouse/rows"
import { scoresPage } from "./corpus/scores-page.ts"

interface Day {
  day: string
  flights: number
  late: number
  expected: number
  delay: number
  predicted: number
}

/** Makes a document of the tables that April wrote. */
export const describeScores = defineStep({
  id: "describe",
  title: "Write a page about April's scores, to be asked",
  intact: async ({ config }) => existsSync(scoresPage(config)),
  async run({ config, signal }) {
    await using engine = await openWarehouse(config)
    const days = rowsOf<Day>(
      await engine.query(
        `SELECT strftime(departed_at, '%Y-%m-%d') AS "day", CAST(count(*) AS DOUBLE) AS flights,
                CAST(avg(l.late) AS DOUBLE) AS late, CAST(avg(l.probability) AS DOUBLE) AS expected,
                CAST(avg(d.delay) AS DOUBLE) AS delay, CAST(avg(d.prediction) AS DOUBLE) AS predicted
         FROM gold.june_scores_late l JOIN gold.june_scores_delay d USING (flight_id, departed_at)
         WHERE departed_at < TIMESTAMP '2001-07-01' GROUP BY 1 ORDER BY 1`,
        [],
        { signal },
      ),
    )
    await writeFileAtomic(scoresPage(config), render(days))
    return {
      days: days.length,
      flights: days.reduce((sum, { flights }) => sum + flights, 0),
      artifacts: { "document/june-scores": scoresPage(config) },
    }
  },
})

const render = (days: readonly Day[]): string => {
  const flights = days.reduce((sum, each) => sum + each.flights, 0)
  const worst = days.toSorted((a, b) => b.late - a.late)[0]
  const best = days.toSorted((a, b) => a.late - b.late)[0]
  return [
    "# Scores of June 2001",
    `April's batch scored ${formatCount(flights)} flights of June 2001 with the models flight-late and flight-delay (tables gold.june_scores_late and gold.june_scores_delay).`,
    `The day with the most late flights in June was ${worst.day}: ${formatPercent(worst.late)} of ${formatCount(worst.flights)} flights were 15 or more minutes late; the model had expected ${formatPercent(worst.expected)}.`,
    `The day with the fewest late flights in June was ${best.day}: ${formatPercent(best.late)} of ${formatCount(best.flights)} flights were late; the model had expected ${formatPercent(best.expected)}.`,
    "## Day by day",
    markdownTable({
      columns: [
        { label: "day" },
        { label: "flights", align: "right" },
        { label: "late", align: "right" },
        { label: "late, expected", align: "right" },
        { label: "mean delay, minutes", align: "right" },
        { label: "predicted, minutes", align: "right" },
      ],
      rows: days.map(({ day, flights: count, late, expected, delay, predicted }) => [
        day,
        formatCount(count),
        formatPercent(late),
        formatPercent(expected),
        delay.toFixed(1),
        predicted.toFixed(1),
      ]),
    }),
    "",
  ].join("\n\n")
}
