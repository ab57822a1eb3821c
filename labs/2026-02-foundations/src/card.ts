import type { StepContext } from "@roadmap/labkit/lab"
import type { ModelCard } from "@roadmap/model-registry/card"
import { compareModels } from "./compare.ts"
import { buildFeatures, type FeatureName } from "./features.ts"
import { ingestFlights } from "./ingest.ts"
import type { Task } from "./models.ts"
import { registeredNames } from "./register.ts"
import { boundaries, splitByTime } from "./split.ts"
import type { TrainedModel } from "./train.ts"

const meanings: Record<FeatureName, string> = {
  weekday: "day of departure",
  hour: "hour of departure, airport's clock",
  minute_of_day: "minute of departure since midnight, airport's clock",
  distance: "miles between the airports",
  origin_flights: "training flights from the origin, a day",
  origin_delay: "mean delay of training flights from the origin",
  destination_delay: "mean delay of training flights to the destination",
  route_delay: "mean delay of training flights on the route",
  origin_hour_delay: "mean delay of training flights from the origin in this hour",
  destination_hour_delay: "mean delay of training flights to the destination that left in this hour",
  route_hour_delay: "mean delay of training flights on the route in this hour",
}

const purposes: Record<Task, string> = {
  delay: "Predicts how many minutes late a US flight will arrive, from what is known when it leaves.",
  late: "Gives the probability that a US flight arrives 15 or more minutes late, from what is known when it leaves.",
}

const algorithms: Record<string, string> = {
  ridge: "ridge regression",
  logistic: "logistic regression",
  boosting: "histogram gradient boosting",
}

/** The card of a candidate: every number is a result of the steps before. */
export const modelCard = (context: StepContext, { task, name, parameters }: TrainedModel): ModelCard => {
  const source = context.result(ingestFlights)
  const { splits } = context.result(splitByTime)
  const { features, smoothing } = context.result(buildFeatures)
  const { scores } = context.result(compareModels)
  const own = scores.filter(score => score.task === task && score.model === name)
  const baseline = scores.filter(score => score.task === task && score.model === "constant")
  const registered = registeredNames[task]
  return {
    name: registered,
    purpose: purposes[task],
    algorithm: algorithms[name] ?? name,
    task: task === "delay" ? "regression" : "binary classification",
    outOfScope: [
      "flights outside the United States or outside 2001: schedules, airlines and security changed after it",
      "decisions about single passengers",
    ],
    data: {
      table: "silver.flights",
      rows: source.rows,
      contentHash: source.contentHash,
      period: { from: splits[0].first, to: splits[splits.length - 1].last },
      source: source.sourceName,
    },
    split: {
      method: `by departure time: training before ${boundaries.validationFrom}, test from ${boundaries.testFrom}`,
      parts: splits.map(({ split, rows, first, last }) => ({
        name: split,
        rows,
        period: { from: first, to: last },
      })),
    },
    target:
      task === "delay" ? "arrival delay in minutes (negative: early)" : "arrival 15 or more minutes late",
    features: features.map(feature => ({
      name: feature,
      type: feature === "weekday" || feature === "hour" ? "category" : "number",
      description: meanings[feature],
    })),
    parameters,
    metrics: own.map(({ metric, split, estimate, low, high }) => ({
      name: metric,
      split,
      value: estimate,
      interval: [low, high],
      baseline: baseline.find(each => each.metric === metric && each.split === split)?.estimate,
    })),
    intervalLevel: own[0].level,
    baseline:
      task === "delay" ? "the mean delay of the training flights" : "the share of late training flights",
    limits: [
      "The intervals resample whole days, because flights of one day share its weather. They say nothing about months unlike these.",
      `Delay statistics are those of the training months; a group with few flights is pulled towards the mean (${smoothing} flights' worth).`,
      "The departure time in the data is when the flight left: a model served before that moment would need the schedule, which the data does not have.",
      "Cancelled and diverted flights are not in the data.",
      ...(context.sample > 1 ? [`Trained on one row in ${context.sample}.`] : []),
    ],
    load: [
      'import { loadConfig } from "@roadmap/core/config"',
      'import { loadChampion } from "@roadmap/lab-2026-02-foundations/load"',
      "",
      `const model = await loadChampion(loadConfig(), "${registered}")`,
    ].join("\n"),
  }
}
