import { exitCodes, type RoadmapError } from "@roadmap/core/errors"
import { createLogger } from "@roadmap/core/logger"
import { findLabs, type LabEntry, loadLab, resolveMonth } from "@roadmap/labkit/catalog"
import { hashLabCode } from "@roadmap/labkit/code-hash"
import { recordRun } from "@roadmap/labkit/evidence/learned"
import { lockHome } from "@roadmap/labkit/lock"
import { planMonths } from "@roadmap/labkit/plan"
import { type LabOutcome, runLab } from "@roadmap/labkit/run"
import { type CommandContext, describeError } from "../context.ts"
import { summary } from "../run-summary.ts"
import { createRunView } from "../run-view.ts"

interface RunFlags {
  sample: number
  seed: number
  source?: string
  force?: boolean
}

/** Runs the asked months, and first the months they consume. Exit code 0, or that of the first error. */
export const run = async (context: CommandContext, words: string[], flags: RunFlags): Promise<number> => {
  const entries = await findLabs(context.root)
  const wanted = words.map(word => resolveMonth(entries, word))
  const planned = planMonths(await loadNeeded(entries, wanted), wanted)

  using _lock = lockHome(context.config.home)
  const logger = createLogger(context.config.logLevel)
  const view = createRunView(context)
  const outcomes: LabOutcome[] = []
  const keys = new Map<string, string>()
  // The live line goes whatever happens: an error must not stand behind it.
  using _view = { [Symbol.dispose]: () => view.close() }
  for (const { entry, lab, upstream } of planned) {
    const facts = {
      codeHash: await hashLabCode(context.root, entry.folder),
      upstream: upstream.map(month => keys.get(month) ?? ""),
      sample: flags.sample,
      seed: flags.seed,
    }
    const outcome = await runLab(lab, {
      ...facts,
      config: context.config,
      logger,
      source: flags.source,
      force: flags.force === true && wanted.includes(entry),
      signal: context.signal,
      onEvent: view.onEvent,
    })
    // A run on other data is no claim about the month's own, and one that had nothing to do is no run.
    const worked = outcome.steps.some(step => step.status !== "skipped")
    if (flags.source === undefined && worked) recordRun(context.config.home, outcome, facts)
    outcomes.push(outcome)
    if (outcome.key === undefined) break
    keys.set(lab.month, outcome.key)
  }
  view.close()

  const error = outcomes.find(outcome => outcome.error)?.error
  context.print({ labs: outcomes.map(outcome => toJson(outcome, flags)) }, () =>
    outcomes
      .map(outcome => {
        const { entry } = planned.find(({ lab }) => lab.month === outcome.month)!
        return summary(context, entry.title, outcome, flags.sample)
      })
      .join("\n\n"),
  )
  if (!error) return 0
  if (!context.json) process.stderr.write(`${describeError(error)}\n`)
  return exitCodes[error.code]
}

/** The wanted labs; and all others too when these consume what other months make. */
const loadNeeded = async (entries: readonly LabEntry[], wanted: readonly LabEntry[]) => {
  const load = (which: readonly LabEntry[]) =>
    Promise.all(which.map(async entry => [entry, await loadLab(entry)] as const))
  const labs = await load([...new Set(wanted)])
  const made = new Set(labs.flatMap(([, lab]) => lab.produces))
  const whole = labs.every(([, lab]) => lab.consumes.every(name => made.has(name)))
  return whole ? labs : load(entries)
}

const toJson = ({ key: _key, error, ...outcome }: LabOutcome, { sample, seed }: RunFlags) => ({
  ...outcome,
  sample,
  seed,
  ...(error && { error: errorJson(error) }),
})

const errorJson = ({ code, message, hint, retryable }: RoadmapError) => ({ code, message, hint, retryable })
