import { join } from "node:path"
import { throwIfAborted } from "@roadmap/core/async"
import type { Config } from "@roadmap/core/config"
import { type RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { canonicalJson, sha256 } from "@roadmap/core/hash"
import type { Logger } from "@roadmap/core/logger"
import { createRandom } from "@roadmap/core/random"
import { type ArtifactStore, createArtifactStore } from "./artifacts.ts"
import type { Lab, ProgressReport, Step, StepContext } from "./lab.ts"
import { createRecordStore, type RecordStore, type StepRecord } from "./records.ts"

export type StepStatus = "done" | "skipped" | "failed" | "interrupted"

export interface StepOutcome {
  id: string
  status: StepStatus
  seconds: number
}

export interface LabOutcome {
  month: string
  status: "done" | "failed" | "interrupted"
  seconds: number
  steps: StepOutcome[]
  metrics: Record<string, number>
  /** Which of the metrics measure the machine. */
  measured: string[]
  /** By how much some of the metrics may differ when the run is done again. */
  tolerances: Record<string, number>
  artifacts: Record<string, string>
  error?: RoadmapError
  /** Hash over all step keys: what a later month's steps depend on. Undefined unless done. */
  key?: string
}

/** What a run tells whoever shows it. */
export type RunEvent =
  | { type: "lab-start"; lab: Lab }
  | { type: "step-start"; step: Step; index: number; count: number }
  | ({ type: "progress"; step: Step } & ProgressReport)
  | { type: "step-end"; step: Step; index: number; count: number; outcome: StepOutcome }
  | { type: "lab-end"; lab: Lab; outcome: LabOutcome }

export interface RunOptions {
  config: Config
  logger: Logger
  /** Hash of the lab's code, see hashLabCode. */
  codeHash: string
  /** Keys of the months this one consumes. */
  upstream?: readonly string[]
  seed?: number
  /** One row in `sample` is used. Default 1: all rows. */
  sample?: number
  /** Where steps read raw data instead of the lab's own data set. */
  source?: string
  /** Runs every step again. */
  force?: boolean
  signal: AbortSignal
  onEvent?: (event: RunEvent) => void
}

/**
 * Runs a lab's steps in order. A step whose record has the same key, and whose outputs are still there, is
 * skipped. A failed or interrupted step leaves no record, so the next run starts with it. Never throws for a
 * failing step: the outcome tells.
 */
export const runLab = async (lab: Lab, options: RunOptions): Promise<LabOutcome> => {
  const started = performance.now()
  const run: LabRun = {
    ...options,
    lab,
    records: createRecordStore(options.config.home, lab.month),
    artifacts: createArtifactStore(join(options.config.home, "artifacts", "files")),
    finished: new Map(),
  }
  const outcome: LabOutcome = {
    month: lab.month,
    status: "done",
    seconds: 0,
    steps: [],
    metrics: {},
    measured: [],
    tolerances: {},
    artifacts: {},
  }
  options.onEvent?.({ type: "lab-start", lab })
  for (const [index, step] of lab.steps.entries()) {
    const position = { step, index, count: lab.steps.length }
    const stepStarted = performance.now()
    let status: StepStatus
    try {
      throwIfAborted(options.signal)
      options.onEvent?.({ type: "step-start", ...position })
      const { record, skipped } = await runStep(run, step)
      run.finished.set(step, record)
      const { metrics, measurements, tolerances } = record.result ?? {}
      Object.assign(outcome.metrics, metrics, measurements)
      outcome.measured.push(...Object.keys(measurements ?? {}))
      Object.assign(outcome.tolerances, tolerances)
      Object.assign(outcome.artifacts, record.result?.artifacts)
      status = skipped ? "skipped" : "done"
    } catch (error) {
      outcome.error = options.signal.aborted ? toRoadmapError(options.signal.reason) : toRoadmapError(error)
      status = outcome.error.code === "INTERRUPTED" ? "interrupted" : "failed"
      outcome.status = status
    }
    const stepOutcome: StepOutcome = { id: step.id, status, seconds: secondsSince(stepStarted) }
    outcome.steps.push(stepOutcome)
    options.onEvent?.({ type: "step-end", ...position, outcome: stepOutcome })
    if (outcome.error) break
  }
  if (outcome.status === "done")
    outcome.key = sha256([...run.finished.values()].map(record => record.key).join("\n"))
  outcome.seconds = secondsSince(started)
  await run.records.writeOutcome({
    ...outcome,
    finishedAt: new Date().toISOString(),
    error: outcome.error?.message,
  })
  options.onEvent?.({ type: "lab-end", lab, outcome })
  return outcome
}

interface LabRun extends RunOptions {
  lab: Lab
  records: RecordStore
  artifacts: ArtifactStore
  finished: Map<Step, StepRecord>
}

const runStep = async (run: LabRun, step: Step): Promise<{ record: StepRecord; skipped: boolean }> => {
  const { config, signal, sample = 1, source, artifacts, records } = run
  const inputs = (await step.inputs?.({ config, signal, sample, source })) ?? {}
  const key = stepKey(run, step, inputs)
  if (!run.force) {
    const record = await records.read(step.id)
    const kept =
      record?.key === key && ((await step.intact?.({ config, artifacts, signal }, record.result)) ?? true)
    if (record && kept) return { record, skipped: true }
    // Checkpoints beside a record are those of its own work, left by a kill: they may speak of what is gone.
    if (record) await records.clearCheckpoints(step.id)
  }
  // From here on the step may change what an older record speaks of.
  await records.remove(step.id)
  const started = performance.now()
  const result = await step.run(createContext(run, step, key))
  throwIfAborted(signal)
  const record: StepRecord = {
    step: step.id,
    key,
    seconds: secondsSince(started),
    finishedAt: new Date().toISOString(),
    result: (result ?? {}) as StepRecord["result"],
  }
  await records.write(record)
  await records.clearCheckpoints(step.id)
  return { record, skipped: false }
}

const stepKey = (run: LabRun, step: Step, inputs: Record<string, string>): string =>
  sha256(
    canonicalJson({
      month: run.lab.month,
      step: step.id,
      code: run.codeHash,
      seed: run.seed ?? 0,
      sample: run.sample ?? 1,
      upstream: run.upstream ?? [],
      // The result too: a step made again for lost outputs keeps its key, but may hand on other ids.
      needs: step.needs.map(need => {
        const record = run.finished.get(need)
        return record && { key: record.key, result: sha256(canonicalJson(record.result)) }
      }),
      inputs,
    }),
  )

const createContext = (run: LabRun, step: Step, key: string): StepContext => {
  const seed = run.seed ?? 0
  return {
    config: run.config,
    logger: run.logger.child({ month: run.lab.month, step: step.id }),
    progress: report => run.onEvent?.({ type: "progress", step, ...report }),
    artifacts: run.artifacts,
    seed,
    random: createRandom(seed).fork(`${run.lab.month}/${step.id}`),
    sample: run.sample ?? 1,
    source: run.source,
    signal: run.signal,
    key,
    result: <R>(needed: Step<R>): R => {
      const record = step.needs.includes(needed) ? run.finished.get(needed) : undefined
      if (!record) throw new Error(`Step "${step.id}" reads "${needed.id}" without listing it in needs.`)
      return record.result as R
    },
    async checkpoint<T>(name: string, make: () => Promise<T>): Promise<T> {
      throwIfAborted(run.signal)
      const saved = run.force ? undefined : await run.records.readCheckpoint(step.id, key, name)
      if (saved) return saved.value as T
      const value = await make()
      await run.records.writeCheckpoint(step.id, key, name, value)
      return value
    },
  }
}

const secondsSince = (started: number) => Math.round(performance.now() - started) / 1000
