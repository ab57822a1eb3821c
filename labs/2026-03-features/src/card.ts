import { featureText } from "@roadmap/feature-store/definitions"
import type { StepContext } from "@roadmap/labkit/lab"
import type { TrainingSpecification } from "@roadmap/lifecycle/train/specification"
import type { ModelCard } from "@roadmap/model-registry/card"
import { flightFeatures } from "./definitions.ts"
import type { TaskEvaluation } from "./evaluate.ts"
import { snapTrainingSet } from "./snapshot.ts"
import type { FittedModel } from "./train.ts"

/** The card of a candidate: every number is a result of the steps before. */
export const modelCard = (
  { result, sample }: Pick<StepContext, "result" | "sample">,
  specification: TrainingSpecification,
  { fitted, evaluation }: { fitted: FittedModel; evaluation: TaskEvaluation },
): ModelCard => {
  const { rows, snapshot } = result(snapTrainingSet)
  const { task, model: name } = { task: fitted.task, model: specification.model }
  const own = evaluation.scores.filter(({ model }) => model === "boosting")
  const theirs = evaluation.scores.filter(({ model }) => model === "february")
  const worst = [...evaluation.slices].sort((a, b) => a.gain.estimate - b.gain.estimate)[0]
  return {
    name,
    purpose:
      task === "delay"
        ? "Predicts how many minutes late a US flight will arrive, from what is known when it leaves: also how late the last flights around it were."
        : "Gives the probability that a US flight arrives 15 or more minutes late, from what is known when it leaves.",
    algorithm: "histogram gradient boosting",
    task: task === "delay" ? "regression" : "binary classification",
    outOfScope: [
      "flights outside the United States or outside 2001: schedules, airlines and security changed after it",
      "decisions about single passengers",
      "predictions hours before departure: the features are those of the minute of departure",
    ],
    data: {
      table: `${snapshot.service} over ${snapshot.labels.from}`,
      rows,
      contentHash: snapshot.contentHash,
      period: { from: "2001-01-01", to: "2001-06-30" },
      source: `snapshot as of ${snapshot.asOf}`,
    },
    split: {
      method:
        "by departure: training before 2001-05-01, test from 2001-06-01; parameters by purged folds inside training",
      parts: [
        { name: "train", rows: evaluation.rows.train },
        { name: "validation", rows: evaluation.rows.validation },
        { name: "test", rows: evaluation.rows.test },
      ],
    },
    target:
      task === "delay" ? "arrival delay in minutes (negative: early)" : "arrival 15 or more minutes late",
    features: [
      ...flightFeatures.views.flatMap(({ view, keys, features }) =>
        features.map(({ feature, as }) => ({
          name: as,
          type: "number",
          description: `${featureText(view.features[feature])}, by ${Object.values(keys).join(", ")}`,
        })),
      ),
      ...flightFeatures.onDemand.flatMap(({ features, description }) =>
        Object.keys(features).map(feature => ({ name: feature, type: "number", description })),
      ),
    ],
    parameters: fitted.parameters,
    metrics: own.map(({ metric, part, estimate, low, high }) => ({
      name: metric,
      split: part,
      value: estimate,
      interval: [low, high],
      baseline: theirs.find(each => each.metric === metric && each.part === part)?.estimate,
    })),
    intervalLevel: own[0].level,
    baseline: `${name} version ${evaluation.championVersion}, February's champion`,
    limits: [
      "When a fact was known is computed, not recorded: departure, 30 minutes, 450 miles an hour, and the delay.",
      "The intervals resample whole days. They say nothing about months unlike these.",
      "The departure time in the data is when the flight left: an hour in which a route has no regular flight already tells of a delay.",
      ...(worst
        ? [
            `Weakest slice against February: ${worst.slice} ${worst.value}, gain ${worst.gain.estimate.toPrecision(3)} in ${worst.metric}.`,
          ]
        : []),
      ...(sample > 1 ? [`Trained on one row in ${sample}.`] : []),
    ],
    load: [
      'import { loadConfig } from "@roadmap/core/config"',
      'import { loadChampion } from "@roadmap/lab-2026-02-foundations/load"',
      "",
      `const model = await loadChampion(loadConfig(), "${name}")`,
    ].join("\n"),
  }
}
