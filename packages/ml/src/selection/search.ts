import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { createRandom, type Random } from "@roadmap/core/random"
import { type HalvingOptions, halvingSampler, hyperbandSampler } from "./halving.ts"
import { type MedianPruning, shouldPrune } from "./pruning.ts"
import { gridSampler, randomSampler, type Sampler, type SamplerContext, type Suggestion } from "./sampler.ts"
import { type Configuration, checkSpace, type Space, strayFrom } from "./space.ts"
import { type TpeOptions, tpeSampler } from "./tpe.ts"
import { bestTrial, type Direction, type HistoryPoint, historyOf, isBetter, type Trial } from "./trial.ts"

/** How the next configuration is chosen. */
export type SearchMethod =
  | { readonly kind: "random" }
  /** All combinations; `points` of each range (default 5). */
  | { readonly kind: "grid"; readonly points?: number }
  | ({ readonly kind: "tpe" } & TpeOptions)
  | ({ readonly kind: "halving"; readonly configurations?: number } & HalvingOptions)
  | ({ readonly kind: "hyperband" } & HalvingOptions)

/** What the objective is called with. */
export interface TrialContext {
  readonly number: number
  readonly parameters: Configuration
  /** What halving grants this trial; undefined for other methods. */
  readonly resource: number | undefined
  /** Random numbers of this trial, by its number. */
  readonly random: Random
  /** Aborts when the search does. */
  readonly signal: AbortSignal
  /**
   * Tells a value on the way, steps ascending. True: stop, the trial is pruned and what is returned is ignored.
   */
  readonly report: (step: number, value: number) => boolean
}

export type Objective = (context: TrialContext) => Promise<ObjectiveValue> | ObjectiveValue

/** The value to optimise, alone or with other named numbers to keep. */
export type ObjectiveValue =
  | number
  | { readonly value: number; readonly metrics?: Readonly<Record<string, number>> }

/** At least one limit, unless the method ends by itself (grid, halving, hyperband). */
export interface SearchBudget {
  /** Trials in all, those of `resumeFrom` included. */
  readonly trials?: number
  /** No trial starts after so many seconds of this call. Where that falls depends on the machine. */
  readonly seconds?: number
}

export interface SearchOptions {
  readonly space: Space
  readonly method: SearchMethod
  readonly direction: Direction
  readonly budget?: SearchBudget
  /** Stops trials that lag behind. Not with halving or hyperband, which do the same. */
  readonly pruning?: MedianPruning
  /** Trials under way at once. Default 1. */
  readonly parallel?: number
  readonly random?: Random
  /**
   * Called with each trial as it finishes, and waited for: write it to a store here, as a child run. Trials
   * that run at once may finish out of order. An error it throws ends the search.
   */
  readonly onTrial?: (trial: Trial) => void | Promise<void>
  /** Trials of an earlier, interrupted call with the same seed, space, method and `parallel`. */
  readonly resumeFrom?: readonly Trial[]
  /** Ends the search, which throws INTERRUPTED once the objectives under way have heeded their signal. */
  readonly signal?: AbortSignal
}

export interface SearchResult {
  readonly best: Trial
  /** By number, resumed ones included. */
  readonly trials: readonly Trial[]
  /** Best-so-far curve. */
  readonly history: readonly HistoryPoint[]
  /** "end": the method had no more to try. */
  readonly stoppedBy: "trials" | "seconds" | "end"
}

/**
 * Looks for the parameters with the best objective.
 *
 * Deterministic, for a given seed and `parallel` and an objective that depends on its parameters, resource
 * and random numbers alone: every suggestion, value and pruning decision, whatever the timing. A trial is
 * suggested (TPE) and pruned by what trials up to number - parallel did, and starts when they have finished;
 * random and grid suggestions do not depend on `parallel` at all. So a resumed search goes on with the same
 * sequence. Not deterministic: how many trials a budget of seconds allows.
 *
 * A trial whose objective throws, or gives no finite number, is recorded as failed. Throws INVALID_INPUT,
 * TRIALS_FAILED when no trial was completed, and INTERRUPTED.
 */
export const search = async (
  input: SearchOptions & { readonly objective: Objective },
): Promise<SearchResult> => {
  const { space, direction, budget = {}, parallel = 1, signal, random = createRandom(0) } = input
  checkOptions(input)
  const sampler = samplerOf(input.method, { space, direction, random, parallel })
  const finished = new Map((input.resumeFrom ?? []).map(trial => [trial.number, trial]))
  const configurations = new Map([...finished.values()].map(trial => [trial.number, trial.parameters]))
  const view = { finished, suggested: (number: number) => configurations.get(number) }
  const running = new Map<number, Promise<void>>()
  const started = performance.now()
  const ender = new AbortController()
  const trialSignal = signal ? AbortSignal.any([signal, ender.signal]) : ender.signal
  let failure: { readonly error: unknown } | undefined
  let stoppedBy: SearchResult["stoppedBy"] | undefined

  /** Complete and pruned trials that trial `number` may know of; undefined while one is still under way. */
  const knownTo = (number: number): readonly Trial[] | undefined => {
    const known: Trial[] = []
    for (let earlier = 0; earlier <= number - parallel; earlier++) {
      const trial = finished.get(earlier)
      if (trial === undefined) return undefined
      known.push(trial)
    }
    return known
  }

  const start = (number: number, suggestion: Suggestion, others: readonly Trial[]): void => {
    configurations.set(number, suggestion.parameters)
    const trial = { number, random: random.fork(`objective ${number}`), signal: trialSignal, others }
    const job = runTrial(input, suggestion, trial)
      .then(async result => {
        if (trialSignal.aborted) return
        await input.onTrial?.(result)
        finished.set(number, result)
      })
      .catch(error => {
        failure ??= { error }
        ender.abort()
      })
      .finally(() => running.delete(number))
    running.set(number, job)
  }

  try {
    for (let number = 0; ; ) {
      while (running.size < parallel && failure === undefined && stoppedBy === undefined) {
        throwIfAborted(signal)
        if (number >= (budget.trials ?? Infinity)) stoppedBy = "trials"
        else if (finished.has(number)) number++
        else if ((performance.now() - started) / 1000 >= (budget.seconds ?? Infinity)) stoppedBy = "seconds"
        else {
          const others = input.pruning ? knownTo(number) : []
          const next = others === undefined ? "wait" : sampler(number, view)
          if (next === "wait") break
          if (next === "end") stoppedBy = "end"
          else start(number++, next, others ?? [])
        }
      }
      if (running.size === 0) break
      await Promise.race(running.values())
      if (failure !== undefined) throw failure.error
      throwIfAborted(signal)
    }
  } finally {
    ender.abort()
    await Promise.all(running.values())
  }
  if (failure !== undefined) throw failure.error
  return resultOf([...finished.values()], direction, stoppedBy ?? "end")
}

const samplerOf = (method: SearchMethod, context: SamplerContext): Sampler => {
  switch (method.kind) {
    case "random":
      return randomSampler(context)
    case "grid":
      return gridSampler(context, method.points ?? 5)
    case "tpe":
      return tpeSampler(context, method)
    case "halving":
      return halvingSampler(context, method)
    case "hyperband":
      return hyperbandSampler(context, method)
  }
}

/** Runs the objective to its end and says what became of it. Throws only when the search was ended. */
const runTrial = async (
  { objective, pruning, direction }: SearchOptions & { readonly objective: Objective },
  { parameters, resource }: Suggestion,
  trial: Pick<TrialContext, "number" | "random" | "signal"> & { readonly others: readonly Trial[] },
): Promise<Trial> => {
  const { number, random, signal, others } = trial
  const startedAt = Date.now()
  const started = performance.now()
  const intermediate: { step: number; value: number }[] = []
  let best: number | undefined
  let pruned = false
  const report = (step: number, value: number): boolean => {
    if (pruned) return true
    intermediate.push({ step, value })
    if (best === undefined || isBetter(value, best, direction)) best = value
    pruned = pruning !== undefined && shouldPrune(pruning, { step, best }, { others, direction })
    return pruned
  }
  const finish = (
    state: Trial["state"],
    rest: Partial<Pick<Trial, "value" | "metrics" | "error">>,
  ): Trial => ({
    number,
    parameters,
    resource,
    state,
    value: undefined,
    metrics: {},
    error: undefined,
    ...rest,
    intermediate: [...intermediate],
    startedAt,
    seconds: (performance.now() - started) / 1000,
  })
  try {
    const answer = await objective({ number, parameters, resource, random, signal, report })
    if (pruned) return finish("pruned", {})
    const { value, metrics = {} } = typeof answer === "number" ? { value: answer } : answer
    if (Number.isFinite(value)) return finish("complete", { value, metrics })
    return finish("failed", {
      metrics,
      error: { code: "INVALID_INPUT", message: `The objective is ${value}; it must be a finite number.` },
    })
  } catch (error) {
    if (signal.aborted) throw error
    if (pruned) return finish("pruned", {})
    const { code, message } = toRoadmapError(error)
    return finish("failed", { error: { code, message } })
  }
}

const resultOf = (
  trials: readonly Trial[],
  direction: Direction,
  stoppedBy: SearchResult["stoppedBy"],
): SearchResult => {
  const ordered = trials.toSorted((a, b) => a.number - b.number)
  const best = bestTrial(ordered, direction)
  if (best !== undefined) return { best, trials: ordered, history: historyOf(ordered, direction), stoppedBy }
  const failed = ordered.find(({ state }) => state === "failed")
  throw new RoadmapError(
    "TRIALS_FAILED",
    `None of ${ordered.length} trials was completed${failed ? `; trial ${failed.number}: ${failed.error?.message}` : "."}`,
    { hint: failed ? "Try the objective with these parameters alone." : "Give the search a larger budget." },
  )
}

const checkOptions = (input: SearchOptions): void => {
  const { space, method, budget = {}, pruning, parallel = 1, resumeFrom = [] } = input
  checkSpace(space)
  checkAtLeast("parallel", parallel, 1)
  if (budget.trials !== undefined) checkAtLeast("budget.trials", budget.trials, 1)
  if (budget.seconds !== undefined && !(budget.seconds > 0))
    throw new RoadmapError("INVALID_INPUT", `budget.seconds is ${budget.seconds}; it must be above 0.`)
  if (method.kind === "grid" && method.points !== undefined) checkAtLeast("points", method.points, 1)
  const endless = method.kind === "random" || method.kind === "tpe"
  if (endless && budget.trials === undefined && budget.seconds === undefined)
    throw new RoadmapError("INVALID_INPUT", `A ${method.kind} search never ends by itself.`, {
      hint: "Give a budget, such as { trials: 50 }.",
    })
  const halves = method.kind === "halving" || method.kind === "hyperband"
  if (halves && pruning !== undefined)
    throw new RoadmapError("INVALID_INPUT", `${method.kind} stops trials by itself; it takes no pruning.`)
  const seen = new Set<number>()
  for (const { number, parameters } of resumeFrom) {
    const stray = strayFrom(space, parameters)
    const problem = seen.has(number) ? "is given twice" : stray && `is not of this space: ${stray}`
    if (problem || !Number.isInteger(number) || number < 0)
      throw new RoadmapError(
        "INVALID_INPUT",
        `Trial ${number} of resumeFrom ${problem ?? "has a bad number"}.`,
      )
    seen.add(number)
  }
}

const checkAtLeast = (name: string, value: number, low: number): void => {
  if (!Number.isInteger(value) || value < low)
    throw new RoadmapError(
      "INVALID_INPUT",
      `${name} is ${value}; it must be a whole number of at least ${low}.`,
    )
}
