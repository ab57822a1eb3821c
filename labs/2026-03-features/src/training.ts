import type { Task } from "@roadmap/lab-2026-02-foundations/models"
import { registeredNames } from "@roadmap/lab-2026-02-foundations/register"
import { defineTraining, type TrainingSpecification } from "@roadmap/lifecycle/train/specification"

export const experiment = "mar-features"
export const tasks = ["delay", "late"] as const satisfies readonly Task[]

/** What training depends on, besides the code. */
export interface TrainingInputs {
  snapshot: { contentHash: string; service: string; serviceVersion: string }
  rows: number
  seed: number
}

/** A trial learns from at most so many flights, spread over the training months. */
const searchRows = 120_000

/** One task's training, from snapshot to candidate, as data. */
// #region specification
export const trainingOf = (task: Task, { snapshot, seed }: TrainingInputs): TrainingSpecification =>
  defineTraining({
    model: registeredNames[task],
    experiment,
    task: task === "delay" ? "regression" : "classification",
    data: {
      snapshot: snapshot.contentHash,
      service: snapshot.service,
      serviceVersion: snapshot.serviceVersion,
    },
    estimator: {
      kind: "boosting",
      parameters: { loss: task === "delay" ? "squared" : "logistic", trees: 200, earlyStopping: 20 },
      validation: { fraction: 0.15, rows: "last" },
    },
    space: {
      learningRate: { kind: "log-uniform", low: 0.05, high: 0.2 },
      leaves: { kind: "integer", low: 15, high: 63, log: true },
      minRowsPerLeaf: { kind: "integer", low: 50, high: 1_000, log: true },
      columnFraction: { kind: "uniform", low: 0.4, high: 1 },
      l2: { kind: "log-uniform", low: 0.1, high: 100 },
    },
    metrics:
      task === "delay"
        ? ["rmse", "mae", "r2", "roc_auc"]
        : ["log_loss", "brier", "roc_auc", "average_precision"],
    search: {
      method: { kind: "tpe", startup: 5 },
      budget: { trials: 12 },
      pruning: { startup: 4 },
      rows: searchRows,
    },
    folds: { testFrom: ["2001-03-01T00:00:00Z", "2001-04-01T00:00:00Z"], purgeHours: 24 },
    evaluation: { slices: ["airport", "hour", "distance", "month"], leastRows: 2_000, replicates: 200 },
    seed,
  })
// #endregion
