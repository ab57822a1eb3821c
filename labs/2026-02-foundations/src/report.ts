import { existsSync } from "node:fs"
import { join } from "node:path"
import { writeFileAtomic } from "@roadmap/core/files"
import { defineStep } from "@roadmap/labkit/lab"
import { formatCount, formatInterval, formatNumber, formatPercent } from "@roadmap/report/format"
import { writeNotesParts } from "@roadmap/report/notes-parts"
import { renderPage, type Section } from "@roadmap/report/page"
import { compareModels } from "./compare.ts"
import { drawLearningCurves } from "./curves.ts"
import { groupAndScore } from "./group.ts"
import { ingestFlights } from "./ingest.ts"
import { renderLearnings } from "./learnings.ts"
import { profileFlights } from "./profile.ts"
import { registerBest, registeredNames } from "./register.ts"
import { dataQuality, distributions, splitSection } from "./report/data.ts"
import { calibrationSection, importanceSection, modelsSection, residualsSection } from "./report/models.ts"
import { curvesSection, decisionsSection, groupsSection, trapsSection } from "./report/others.ts"
import { splitByTime } from "./split.ts"
import { trainModels } from "./train.ts"
import { walkIntoTraps } from "./traps.ts"

export const reportPath = (home: string): string => join(home, "reports", "2026-02", "index.html")

/** The plots that notes.md shows, by id. */
const notesPlots = [
  "arrival-delay",
  "mean-delay-by-day",
  "learning-curve-of-ridge",
  "learning-curve-of-deep-boosting",
  "late-flights-by-predicted-probability-june",
]

/** One offline page with all that the month found. */
export const writeReport = defineStep({
  id: "report",
  title: "Write the report page",
  needs: [
    ingestFlights,
    profileFlights,
    splitByTime,
    trainModels,
    drawLearningCurves,
    walkIntoTraps,
    groupAndScore,
    compareModels,
    registerBest,
  ],
  intact: async ({ config }) => existsSync(reportPath(config.home)),
  async run(context) {
    const { config, result, seed, sample } = context
    const ingested = result(ingestFlights)
    const compared = result(compareModels)
    const { decisions } = result(registerBest)
    const { splits } = result(splitByTime)
    const lead = decisions.map(({ task, candidate, registered }) => {
      const [metric, label] = task === "delay" ? ["rmse", "RMSE, min"] : ["roc_auc", "ROC AUC"]
      const score = compared.scores.find(
        each =>
          each.task === task && each.model === candidate && each.metric === metric && each.split === "test",
      )!
      return {
        label: `${registeredNames[task]}: ${label}`,
        value: formatNumber(score.estimate, { significant: 3 }),
        note: `${candidate} on June, ${formatInterval(score.estimate, score.low, score.high).replace(/^\S+ /, "")}${registered ? "" : ", not registered"}`,
      }
    })
    const sections: Section[] = [
      dataQuality(ingested, result(profileFlights)),
      distributions(result(profileFlights), splits),
      splitSection(splits),
      modelsSection(compared, result(trainModels).trained),
      curvesSection(result(drawLearningCurves)),
      trapsSection(result(walkIntoTraps)),
      calibrationSection(compared),
      residualsSection(compared),
      importanceSection(compared),
      groupsSection(result(groupAndScore)),
      decisionsSection(decisions),
    ]
    const page = renderPage({
      title: "February: foundations and a first end-to-end pipeline",
      subtitle: `${formatCount(ingested.received)} US flights of 2001, from raw file to registered models.`,
      summary: [
        {
          label: "Flights accepted",
          value: formatCount(ingested.rows),
          note: `${formatCount(ingested.rejected)} in quarantine`,
        },
        ...lead,
        {
          label: "Late flights in June",
          value: formatPercent(splits[splits.length - 1].lateShare),
          note: "15 minutes or more",
        },
      ],
      sections,
      generated: {
        "Made by": `roadmap run feb${sample > 1 ? ` --sample ${sample}` : ""}`,
        Data: `${ingested.sourceName}, content hash ${ingested.contentHash.slice(0, 16)}`,
        Rows: sample > 1 ? `one in ${sample}` : "all",
        Seed: seed,
        Node: process.version,
      },
    })
    await writeFileAtomic(reportPath(config.home), page)
    if (sample === 1)
      await writeNotesParts(join(config.home, "reports", "2026-02"), {
        learnings: renderLearnings(context),
        sections,
        plots: notesPlots,
      })
    return { bytes: Buffer.byteLength(page), artifacts: { report: reportPath(config.home) } }
  },
})
