import type { Config } from "@roadmap/core/config"
import type { Logger } from "@roadmap/core/logger"
import type { Random } from "@roadmap/core/random"
import type { ArtifactStore } from "./artifacts.ts"

/** What a step can hand on besides its own data: both end in `roadmap run --json`. */
export interface StepResult {
  /** `task/model/metric/split`, for example `delay/boosting/rmse/test`. */
  metrics?: Record<string, number>
  /**
   * Metrics that measure the machine: speeds, latencies, processor time. Reported like the others; a run done again need
   * not give the same.
   */
  measurements?: Record<string, number>
  /**
   * By how much a metric of a run done again may differ, in its own unit: for figures over few cases that turn on the
   * last bits of a sum, as ranks do which follow from a neural model's vectors. Default: 1e-6 of itself.
   */
  tolerances?: Record<string, number>
  /** Name to path or URI, for example `model/flight-delay` to `models:/flight-delay/1`. */
  artifacts?: Record<string, string>
}

export interface ProgressReport {
  label: string
  done: number
  /** Undefined while unknown. */
  total?: number
  /** What is counted: "rows", "trees". */
  unit: string
}

export interface StepContext {
  config: Config
  logger: Logger
  /** Shows how far a long piece of work has come. Cheap: call it as often as you like. */
  progress(report: ProgressReport): void
  /** Content-addressed files of this home folder. */
  artifacts: ArtifactStore
  /** The seed of the whole run, and this step's own stream of random numbers. */
  seed: number
  random: Random
  /** One row in `sample` is used; 1 is all of them. */
  sample: number
  /** Where to read raw data instead of the lab's own data set: a file, folder or pattern. */
  source: string | undefined
  signal: AbortSignal
  /** Result of a step listed in `needs`. */
  result<R>(step: Step<R>): R
  /**
   * Does `make` once per step key: its JSON result is on disk when this returns, and after a kill the next
   * run takes it from there instead of making it again.
   */
  checkpoint<T>(name: string, make: () => Promise<T>): Promise<T>
  /** Hash of this step's code, parameters and inputs: equal keys mean equal results. */
  key: string
}

export interface Step<R = unknown> {
  /** Unique in its lab, a verb: "ingest". */
  readonly id: string
  /** One line, shown while it runs. */
  readonly title: string
  /** Steps whose results this one reads. Their keys are part of this step's key. */
  readonly needs: readonly Step[]
  /** Content hashes of outside inputs (files, service states), by name. Must be quick when nothing changed. */
  inputs?(
    context: Pick<StepContext, "config" | "signal" | "sample" | "source">,
  ): Promise<Record<string, string>>
  /** False when something this step made outside its record is gone (a dropped table): it then runs again. */
  intact?(context: Pick<StepContext, "config" | "artifacts" | "signal">, result: NoInfer<R>): Promise<boolean>
  run(context: StepContext): Promise<R & StepResult>
}

export interface Lab {
  /** "2026-02" */
  readonly month: string
  readonly title: string
  /** Names that other labs produce: "table:silver.flights", "model:flight-delay". */
  readonly consumes: readonly string[]
  readonly produces: readonly string[]
  readonly steps: readonly Step[]
}

export const defineStep = <R>(step: Omit<Step<R>, "needs"> & { needs?: readonly Step[] }): Step<R> => ({
  ...step,
  needs: step.needs ?? [],
})

/** Checks the shape of a lab when it is loaded: unique step ids, needs only on earlier steps. */
export const defineLab = (lab: Lab): Lab => {
  const seen = new Set<Step>()
  const ids = new Set<string>()
  for (const step of lab.steps) {
    if (ids.has(step.id)) throw new Error(`Lab ${lab.month} has two steps "${step.id}".`)
    for (const need of step.needs)
      if (!seen.has(need))
        throw new Error(`Step "${step.id}" needs "${need.id}", which does not come before it.`)
    seen.add(step)
    ids.add(step.id)
  }
  return lab
}

/** What a step's result is: `StepResultOf<typeof ingestFlights>`. */
export type StepResultOf<S> = S extends Step<infer R> ? R : never
