import { existsSync } from "node:fs"
import { join } from "node:path"
import { writeFileAtomic } from "@roadmap/core/files"
import { registeredNames } from "@roadmap/lab-2026-02-foundations/register"
import { defineStep } from "@roadmap/labkit/lab"
import { formatCount, formatDecimals, formatInterval } from "@roadmap/report/format"
import { writeNotesParts } from "@roadmap/report/notes-parts"
import { renderPage, type Section } from "@roadmap/report/page"
import { ablateGroups } from "./ablate.ts"
import { defineFeatures } from "./define.ts"
import { evaluateModels } from "./evaluate.ts"
import { explainModels } from "./explain.ts"
import { knowFacts } from "./facts.ts"
import { searchLeaks } from "./leakage.ts"
import { renderLearnings } from "./learnings.ts"
import { registerCandidates } from "./register.ts"
import { replayOnline } from "./replay.ts"
import { definitionsSection, knownSection, leakageSection, replaySection } from "./report/features.ts"
import {
  ablationSection,
  decisionsSection,
  importanceSection,
  metricLabels,
  modelsSection,
  searchSection,
  slicesSection,
} from "./report/models.ts"
import { searchSpace } from "./search.ts"
import { snapTrainingSet } from "./snapshot.ts"
import { fitModels } from "./train.ts"

const reportFolder = (home: string): string => join(home, "reports", "2026-03")
export const reportPath = (home: string): string => join(reportFolder(home), "index.html")

/** The plots that notes.md shows, by id. */
const notesPlots = ["how-late-history-of-the-search", "how-late-worth-of-each-group"]

/** One offline page with all that the month found. */
export const writeReport = defineStep({
  id: "report",
  title: "Write the report page",
  needs: [
    knowFacts,
    defineFeatures,
    snapTrainingSet,
    searchLeaks,
    searchSpace,
    fitModels,
    evaluateModels,
    ablateGroups,
    explainModels,
    registerCandidates,
    replayOnline,
  ],
  intact: async ({ config }) => existsSync(reportPath(config.home)),
  async run(context) {
    const { config, result, sample, seed } = context
    const snapped = result(snapTrainingSet)
    const judged = result(evaluateModels)
    const leaks = result(searchLeaks)
    const replay = result(replayOnline)
    const sections: Section[] = [
      modelsSection(judged),
      knownSection(result(knowFacts), snapped),
      definitionsSection(result(defineFeatures)),
      leakageSection(leaks),
      searchSection(result(searchSpace)),
      ablationSection(result(ablateGroups)),
      importanceSection(result(explainModels)),
      slicesSection(judged),
      replaySection(replay),
      decisionsSection(result(registerCandidates)),
    ]
    const page = renderPage({
      title: "March: features that were known, and models that were searched for",
      subtitle: `${formatCount(snapped.rows)} flights, ${result(defineFeatures).views.length} roles of feature views, judged on February's June.`,
      summary: [
        ...judged.evaluated.map(({ task, scores, comparison }) => {
          const metric = task === "delay" ? "rmse" : "roc_auc"
          const score = scores.find(
            each => each.model === "boosting" && each.metric === metric && each.part === "test",
          )!
          const gain = comparison.gains.find(each => each.metric === metric)!
          return {
            label: `${registeredNames[task]}: ${metricLabels[metric]}`,
            value: formatDecimals(score.estimate, task === "delay" ? 1 : 3),
            note: `on June; gain over February ${formatInterval(gain.estimate, gain.low, gain.high)}`,
          }
        }),
        {
          label: "Features that leak",
          value: formatCount(leaks.features.filter(({ verdict }) => verdict === "leak").length),
          note: `of ${leaks.features.length}; the planted one was ${leaks.planted.some(({ verdict }) => verdict === "leak") ? "found" : "missed"}`,
        },
        {
          label: "Served unlike trained",
          value: formatCount(replay.features.reduce((sum, each) => sum + each.different, 0)),
          note: `values for ${formatCount(replay.flights)} flights`,
        },
      ],
      sections,
      generated: {
        "Made by": `roadmap run mar${sample > 1 ? ` --sample ${sample}` : ""}`,
        Data: `snapshot ${snapped.snapshot.contentHash.slice(0, 16)} as of ${snapped.snapshot.asOf}`,
        Rows: sample > 1 ? `one in ${sample}` : "all",
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
