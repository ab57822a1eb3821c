import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { canonicalJson, sha256 } from "@roadmap/core/hash"
import type { LearningEntry } from "../exercises/catalog.ts"
import type { Verdict } from "../exercises/verdict.ts"
import type { LabOutcome } from "../run.ts"
import { appendEvidence } from "./log.ts"
import type { EvidenceRecord } from "./record.ts"

/** Hash over all files of an exercise or a drill: what an answer was judged by. */
export const hashEntry = async (entry: LearningEntry): Promise<string> => {
  const names = (await readdir(entry.folder, { recursive: true, withFileTypes: true }))
    .filter(item => item.isFile())
    .map(item => join(item.parentPath, item.name))
    .sort()
  const parts = await Promise.all(
    names.map(async name => `${name.slice(entry.folder.length)} ${sha256(await readFile(name))}`),
  )
  return sha256(parts.join("\n"))
}

/** Hash of an answer's text. */
export const hashAnswer = async (file: string): Promise<string> => sha256(await readFile(file))

/**
 * Records a check, unless the last check of this exercise (among `known`) had the same answer, the same exercise
 * and the same result: saving a file twice is no second attempt.
 */
export const recordCheck = async (
  home: string,
  exercise: LearningEntry,
  file: string,
  verdict: Verdict,
  known: readonly EvidenceRecord[],
): Promise<EvidenceRecord | undefined> => {
  const [inputs, code] = await Promise.all([hashEntry(exercise), hashAnswer(file)])
  const month = exercise.lab.month
  const last = known.findLast(one => one.kind === "check" && one.month === month && one.id === exercise.name)
  if (last && last.inputs === inputs && last.code === code && last.result.status === verdict.status)
    return undefined
  const { status, mistake = null, case: caseName = null } = verdict
  return appendEvidence(home, {
    kind: "check",
    month,
    id: exercise.name,
    inputs,
    code,
    result: { status, mistake, case: caseName },
    seconds: verdict.seconds,
  })
}

/** Records that a hint was shown. */
export const recordHint = async (
  home: string,
  exercise: LearningEntry,
  hint: number,
  of: number,
): Promise<EvidenceRecord> =>
  appendEvidence(home, { ...(await subject(exercise)), kind: "hint", result: { hint, of } })

/** Records that the solution was shown. */
export const recordSolution = async (home: string, entry: LearningEntry): Promise<EvidenceRecord> =>
  appendEvidence(home, { ...(await subject(entry)), kind: "solution", result: { shown: true } })

const subject = async (entry: LearningEntry) => {
  const inputs = await hashEntry(entry)
  return { month: entry.lab.month, id: entry.name, inputs, code: inputs, seconds: 0 }
}

export interface RunFacts {
  /** Hash of the lab's code, see hashLabCode. */
  codeHash: string
  seed: number
  sample: number
  /** Keys of the months it consumed. */
  upstream: readonly string[]
}

/** Those that measure the machine apart from those that a run done again must give. */
const splitMetrics = ({ metrics, measured, tolerances }: LabOutcome) => {
  const [repeatable, measurements] = [false, true].map(wanted =>
    Object.fromEntries(Object.entries(metrics).filter(([name]) => measured.includes(name) === wanted)),
  )
  return {
    metrics: repeatable,
    ...(measured.length > 0 && { measurements }),
    ...(Object.keys(tolerances).length > 0 && { tolerances }),
  }
}

/** Records how a month's run ended; called by `roadmap run` after each month. */
export const recordRun = (home: string, outcome: LabOutcome, facts: RunFacts): EvidenceRecord => {
  const { codeHash, seed, sample, upstream } = facts
  return appendEvidence(home, {
    kind: "run",
    month: outcome.month,
    id: outcome.month,
    inputs: sha256(canonicalJson({ seed, sample, upstream })),
    code: codeHash,
    result: {
      status: outcome.status,
      seed,
      sample,
      ...splitMetrics(outcome),
    },
    seconds: outcome.seconds,
  })
}
