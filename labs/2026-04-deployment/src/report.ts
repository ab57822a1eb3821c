import { existsSync } from "node:fs"
import { join } from "node:path"
import { writeFileAtomic } from "@roadmap/core/files"
import { defineStep } from "@roadmap/labkit/lab"
import { formatCount, formatNumber } from "@roadmap/report/format"
import { writeNotesParts } from "@roadmap/report/notes-parts"
import { renderPage, type Section } from "@roadmap/report/page"
import { ageFeatures } from "./age.ts"
import { scoreJune } from "./batch.ts"
import { compareWays } from "./compare.ts"
import { fillOnlineStore } from "./fill.ts"
import { gatherFlights } from "./gather.ts"
import { renderLearnings } from "./learnings.ts"
import { loadTest, promisedMs } from "./load.ts"
import { chooseModels } from "./models.ts"
import { rehearseReload } from "./rehearse.ts"
import { batchSection, deployedSection, reloadSection, verifySection } from "./report/answers.ts"
import { ageSection, compareSection } from "./report/compare.ts"
import { loadSection, overloadSection } from "./report/load.ts"
import { verifyAnswers } from "./verify.ts"

const reportFolder = (home: string): string => join(home, "reports", "2026-04")
export const reportPath = (home: string): string => join(reportFolder(home), "index.html")

/** The plots that notes.md shows, by id. */
const notesPlots = ["latency-over-rates-p99", "late-or-not-roc-auc-by-the-age-of-the-features"]

/** One offline page with all that the month measured. */
export const writeReport = defineStep({
  id: "report",
  title: "Write the report page",
  needs: [
    chooseModels,
    gatherFlights,
    fillOnlineStore,
    scoreJune,
    verifyAnswers,
    loadTest,
    rehearseReload,
    ageFeatures,
    compareWays,
  ],
  intact: async ({ config }) => existsSync(reportPath(config.home)),
  async run(context) {
    const { config, result, sample, seed } = context
    const verified = result(verifyAnswers)
    const load = result(loadTest)
    const [features, keys] = load.measured
    const { costs } = result(compareWays)
    const { report: reloaded, moves } = result(rehearseReload)
    const sections: Section[] = [
      deployedSection(result(chooseModels), result(fillOnlineStore)),
      verifySection(verified),
      loadSection(load),
      overloadSection(load),
      reloadSection(result(rehearseReload)),
      batchSection(result(scoreJune)),
      compareSection(result(compareWays)),
      ageSection(result(ageFeatures)),
    ]
    const page = renderPage({
      title: "April: models that answer",
      subtitle: `${load.model} over REST and in batch: ${formatCount(result(gatherFlights).june)} flights of June.`,
      summary: [
        {
          label: "Predictions that differ",
          value: formatCount(verified.agreements.reduce((sum, each) => sum + each.different, 0)),
          note: `of ${formatCount(verified.agreements.reduce((sum, each) => sum + each.rows, 0))}, over REST, by key and in batch`,
        },
        {
          label: "Requests a second, one process",
          value: formatCount(features.saturation.rate ?? 0),
          note: `p99 under ${promisedMs} ms; ${formatCount(keys.saturation.rate ?? 0)} with features joined by key`,
        },
        {
          label: "Failed while the version changed",
          value: formatCount(reloaded.requests.failed),
          note: `of ${formatCount(reloaded.requests.scheduled)} requests, ${moves.length} changes`,
        },
        {
          label: "A row over REST costs",
          value: `${formatNumber(costs[1].timesBatch, { significant: 2 })} ×`,
          note: "the processor time of a row in batch",
        },
      ],
      sections,
      generated: {
        "Made by": `roadmap run apr${sample > 1 ? ` --sample ${sample}` : ""}`,
        Rows: sample > 1 ? `one in ${sample}` : "all",
        Processors: load.processors,
        Seed: seed,
        Node: process.version,
      },
    })
    await writeFileAtomic(reportPath(config.home), page)
    if (sample === 1)
      await writeNotesParts(reportFolder(config.home), {
        learnings: renderLearnings(context),
        sections,
        plots: notesPlots,
      })
    return { bytes: Buffer.byteLength(page), artifacts: { report: reportPath(config.home) } }
  },
})
