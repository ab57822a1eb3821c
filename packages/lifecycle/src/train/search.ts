import { createRandom } from "@roadmap/core/random"
import { metrics as catalog, type MetricName } from "@roadmap/ml/metrics/catalog"
import { seedOf } from "@roadmap/ml/selection/estimator"
import type { Configuration } from "@roadmap/ml/selection/space"
import type { HistoryPoint, Trial } from "@roadmap/ml/selection/trial"
import { tune } from "@roadmap/ml/selection/tune"
import { purgedFolds } from "@roadmap/ml/split/purged"
import type { TrackingStore } from "@roadmap/tracking/port"
import { experimentIdOf, withRun } from "@roadmap/tracking/run-recorder"
import { partOf, spreadRows, type TrainingData } from "./data.ts"
import { specificationKey, type TrainingSpecification, withParameters } from "./specification.ts"

export interface SearchOutcome {
  /** The tracked run whose children are the trials. */
  readonly runId: string
  readonly parameters: Configuration
  readonly trials: readonly Trial[]
  readonly history: readonly HistoryPoint[]
  /** Training rows that trials learned from and were tested on. */
  readonly rows: number
  /** Trials taken from an interrupted search. */
  readonly resumed: number
}

export interface SearchContext {
  readonly store: TrackingStore
  readonly tags?: Record<string, string>
  readonly signal?: AbortSignal
  readonly onTrial?: (trial: Trial) => void
}

/** Tags of a trial's run: the specification it belongs to, and the whole trial as JSON. */
const keyTag = "training.key"
const trialTag = "training.trial"

const threadedFrom = 30_000

/**
 * Looks for the estimator's parameters by time-series cross-validation inside the training rows: validation and test rows
 * are not touched. Each trial is a tracked child run, written when it ends; a killed search finds them by the
 * specification and goes on with the next. Throws INVALID_INPUT, TRIALS_FAILED, INTERRUPTED and what the store throws.
 */
export const searchParameters = async (
  specification: TrainingSpecification,
  data: TrainingData,
  { store, tags, signal, onTrial }: SearchContext,
): Promise<SearchOutcome> => {
  const { estimator, space, metrics, search, folds, seed, experiment, model } = specification
  const key = specificationKey(specification)
  const rows = spreadRows(partOf(data, "train"), search.rows ?? Number.POSITIVE_INFINITY)
  const resumeFrom = await earlierTrials(store, experiment, key)
  const { run, result } = await withRun(
    store,
    { experiment, runName: `${model}-search`, tags: { ...tags, "training.search": key }, signal },
    async recorder => {
      await recorder.params({
        method: search.method.kind,
        metric: metrics[0],
        rows: rows.features.rows,
        "folds.test_from": folds.testFrom.join(" "),
        "folds.purge_hours": folds.purgeHours,
        seed,
      })
      const found = await tune({
        features: rows.features,
        target: rows.target,
        space,
        method: search.method,
        budget: search.budget,
        pruning: search.pruning,
        metrics: searchMetrics(specification),
        folds: purgedFolds({
          timestamps: rows.time,
          labelTimes: rows.labelTime,
          periods: folds.testFrom.map(start => Date.parse(start) * 1_000),
          purge: folds.purgeHours * 3_600_000_000,
        }),
        estimator: parameters => withParameters(estimator, parameters),
        // Threads do not change the result; for few rows starting them takes longer than the fits.
        ...(rows.features.rows < threadedFrom && { workers: 1 }),
        random: createRandom(seed).fork("search"),
        resumeFrom,
        signal,
        onTrial: async trial => {
          await writeTrial(store, trial, { experiment, parentRunId: recorder.runId, key, name: model, tags })
          onTrial?.(trial)
        },
      })
      await recorder.metrics({ [`${metrics[0]}.folds`]: found.best.value!, trials: found.trials.length })
      await recorder.tags({ "training.best": JSON.stringify(found.best.parameters) })
      return found
    },
  )
  return {
    runId: run.runId,
    parameters: result.best.parameters,
    trials: result.trials,
    history: result.history,
    rows: rows.features.rows,
    resumed: resumeFrom.length,
  }
}

/** A ranking of a regression needs classes, which the folds have not. */
const searchMetrics = ({ task, metrics }: TrainingSpecification): MetricName[] =>
  metrics.filter(name => task === "classification" || catalog[name].response === "value")

const earlierTrials = async (store: TrackingStore, experiment: string, key: string): Promise<Trial[]> => {
  const experimentId = await experimentIdOf(store, experiment)
  const byNumber = new Map<number, Trial>()
  let pageToken: string | undefined
  do {
    const page = await store.searchRuns({
      experimentIds: [experimentId],
      filter: `tags.\`${keyTag}\` = '${key}' and attributes.status = 'FINISHED'`,
      pageToken,
    })
    for (const run of page.items) {
      const trial = parseTrial(run.tags[trialTag])
      if (!byNumber.has(trial.number)) byNumber.set(trial.number, trial)
    }
    pageToken = page.nextPageToken
  } while (pageToken !== undefined)
  return [...byNumber.values()].sort((a, b) => a.number - b.number)
}

/** JSON has no undefined: what is absent in it is undefined again. */
const parseTrial = (text: string): Trial => ({
  resource: undefined,
  value: undefined,
  error: undefined,
  ...JSON.parse(text),
})

const writeTrial = async (
  store: TrackingStore,
  trial: Trial,
  to: { experiment: string; parentRunId: string; key: string; name: string; tags?: Record<string, string> },
): Promise<void> => {
  await withRun(
    store,
    {
      experiment: to.experiment,
      runName: `${to.name}-trial-${trial.number}`,
      parentRunId: to.parentRunId,
      tags: { ...to.tags, "training.state": trial.state },
    },
    async recorder => {
      await recorder.params(trial.parameters)
      await recorder.metrics({
        seconds: trial.seconds,
        ...Object.fromEntries(Object.entries(trial.metrics).map(([name, value]) => [`${name}.folds`, value])),
      })
      for (const { step, value } of trial.intermediate) await recorder.metric("folds_so_far", value, step)
      // Last: a run with these two tags holds a whole trial.
      await recorder.tags({ [keyTag]: to.key, [trialTag]: JSON.stringify(trial) })
    },
  )
}

/** Random numbers of the fit, apart from those of the search. */
export const fitSeed = ({ seed }: TrainingSpecification): number => seedOf(createRandom(seed), "fit")
